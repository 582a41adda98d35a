// What a pod's status says, read alike by all components. Source: pkg/api/v1/pod. May import src/base.
import type { Draft } from "../object.ts";
import type { Pod, PodCondition, PodStatus } from "../types/core-v1.gen.ts";

export function getPodCondition(status: PodStatus | undefined, type: string): PodCondition | undefined {
  return status?.conditions?.find((one) => one.type === type);
}
export const isConditionTrue = (status: PodStatus | undefined, type: string): boolean =>
  getPodCondition(status, type)?.status === "True";
export const isPodReady = (pod: Pod): boolean => isConditionTrue(pod.status, "Ready");

/** Ready for at least that long. `nowMs` is the present. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  const ready = getPodCondition(pod.status, "Ready");
  if (ready?.status !== "True") return false;
  if (minReadySeconds === 0) return true;
  const since = ready.lastTransitionTime ? Date.parse(ready.lastTransitionTime) : Number.NaN;
  return !Number.isNaN(since) && since + minReadySeconds * 1000 <= nowMs;
}

export const isTerminalPhase = (phase: string | undefined): boolean => phase === "Failed" || phase === "Succeeded";
export const isPodTerminal = (pod: Pod): boolean => isTerminalPhase(pod.status?.phase);
/** Neither finished nor being deleted: what controllers count. */
export const isPodActive = (pod: Pod): boolean => !isPodTerminal(pod) && !pod.metadata.deletionTimestamp;
/** Being deleted, and not finished yet. */
export const isPodTerminating = (pod: Pod): boolean => !isPodTerminal(pod) && Boolean(pod.metadata.deletionTimestamp);

/**
 * Conditions with this one added or put in place of the one of its type. The time of the last transition is kept where
 * the status has not changed. The list given is returned when nothing would change.
 */
export function withPodCondition(
  conditions: readonly PodCondition[] | undefined,
  condition: PodCondition,
  now: string,
): readonly PodCondition[] {
  const list = conditions ?? [];
  const index = list.findIndex((one) => one.type === condition.type);
  const noTime = null as unknown as string;
  const lastProbeTime = condition.lastProbeTime ?? noTime;
  if (index < 0) return [...list, { ...condition, lastProbeTime, lastTransitionTime: now }];
  const old = list[index]!;
  const lastTransitionTime = old.status === condition.status ? old.lastTransitionTime : now;
  const changed: PodCondition = {
    ...condition,
    lastProbeTime,
    ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }),
  };
  const same = (
    ["status", "reason", "message", "lastProbeTime", "lastTransitionTime", "observedGeneration"] as const
  ).every((name) => (old[name] ?? undefined) === (changed[name] ?? undefined));
  return same ? list : list.with(index, changed);
}

/** The same, in a draft. */
export function setPodCondition(draft: Draft<Pod>, condition: PodCondition, now: string): void {
  draft.status ??= {};
  const conditions = (draft.status.conditions ?? []) as readonly PodCondition[];
  draft.status.conditions = [...withPodCondition(conditions, condition, now)] as Draft<PodCondition>[];
}
