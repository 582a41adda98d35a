// What a Job's policies say of failed pods and of finished indexes. Upstream: pkg/controller/job (pod_failure_policy.go,
// success_policy.go); KEP-3329, KEP-3998. May import src/base, src/kinds.
import type { Job, PodFailurePolicyRule } from "../../kinds/types/batch-v1.gen.ts";
import type { ContainerStatus, Pod } from "../../kinds/types/core-v1.gen.ts";
import { countOf, countShared, type Intervals, parseIntervals } from "./intervals.ts";

export interface FailureVerdict {
  /** Whether the failure counts towards the back-off limit. */
  readonly counts: boolean;
  readonly action?: string;
  /** Why the whole Job fails. */
  readonly message?: string;
}

function findContainer(
  { status }: Pod,
  rule: NonNullable<PodFailurePolicyRule["onExitCodes"]>,
): ContainerStatus | undefined {
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  return all.find(({ name, state }) => {
    const exitCode = state?.terminated?.exitCode ?? 0;
    if (exitCode === 0 || (rule.containerName !== undefined && rule.containerName !== name)) return false;
    return (rule.values ?? []).includes(exitCode) === (rule.operator === "In");
  });
}

/** What of the pod a rule matches, as upstream words it; undefined: nothing. */
function describeMatch(pod: Pod, { onExitCodes, onPodConditions }: PodFailurePolicyRule): string | undefined {
  const { namespace, name } = pod.metadata;
  if (onExitCodes) {
    const container = findContainer(pod, onExitCodes);
    if (!container) return undefined;
    const { exitCode } = container.state!.terminated!;
    return `Container ${container.name} for pod ${namespace}/${name} failed with exit code ${exitCode}`;
  }
  const condition = (pod.status?.conditions ?? []).find((one) =>
    (onPodConditions ?? []).some(({ type, status = "True" }) => type === one.type && status === one.status),
  );
  return condition && `Pod ${namespace}/${name} has condition ${condition.type}`;
}

export function judgeFailure({ spec }: Job, pod: Pod): FailureVerdict {
  for (const [index, rule] of (spec?.podFailurePolicy?.rules ?? []).entries()) {
    const matched = describeMatch(pod, rule);
    if (matched === undefined) continue;
    const { action } = rule;
    const message = `${matched} matching ${action} rule at index ${index}`;
    return { counts: action !== "Ignore", action, ...(action === "FailJob" ? { message } : {}) };
  }
  return { counts: true };
}

/** Why enough indexes have succeeded; undefined: not enough have, or there is no such policy. */
export function judgeSuccess({ spec }: Job, succeeded: Intervals): string | undefined {
  if (succeeded.length === 0) return undefined;
  const index = (spec?.successPolicy?.rules ?? []).findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined) return succeededCount !== undefined && countOf(succeeded) >= succeededCount;
    const required = parseIntervals(succeededIndexes, spec?.completions ?? 0);
    if (required.length === 0) return false;
    const shared = countShared(required, succeeded);
    return shared === countOf(required) || (succeededCount !== undefined && shared >= succeededCount);
  });
  return index < 0 ? undefined : `Matched rules at index ${index}`;
}
