// When pods that are ready now count as available. Upstream: FindMinNextPodAvailabilityCheck in
// pkg/controller/controller_utils.go. May import src/base, src/kinds.
import { getPodCondition, isPodReady } from "../../kinds/pod/conditions.ts";
import type { Pod } from "../../kinds/types/core-v1.gen.ts";

/** The next time, in milliseconds, at which one of the pods has been ready for long enough. */
export function nextAvailabilityMs(pods: readonly Pod[], minReadySeconds: number, nowMs: number): number | undefined {
  if (minReadySeconds <= 0) return undefined;
  const times = pods.filter(isPodReady).flatMap((pod) => {
    const since = getPodCondition(pod.status, "Ready")?.lastTransitionTime;
    const atMs = since ? Date.parse(since) + minReadySeconds * 1000 : Number.NaN;
    return atMs > nowMs ? [atMs] : [];
  });
  return times.length > 0 ? Math.min(...times) : undefined;
}
