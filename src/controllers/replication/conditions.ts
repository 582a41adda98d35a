// Conditions in a workload's status, as upstream's controllers set them: a condition that says the same as before is left
// alone, whatever its message. May import src/base, src/kinds.

export interface WorkloadCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export const findCondition = <T extends WorkloadCondition>(
  conditions: readonly T[] | undefined,
  type: string,
): T | undefined => conditions?.find((one) => one.type === type);

export const withoutCondition = <T extends WorkloadCondition>(
  conditions: readonly T[] | undefined,
  type: string,
): readonly T[] => (conditions ?? []).filter((one) => one.type !== type);

/** Adds the condition at the end, in place of the one of its type that says something else. */
export function withCondition<T extends WorkloadCondition>(
  conditions: readonly T[] | undefined,
  condition: T,
): readonly T[] {
  const old = findCondition(conditions, condition.type);
  if (old && old.status === condition.status && old.reason === condition.reason) return conditions ?? [];
  return [...withoutCondition(conditions, condition.type), condition];
}
