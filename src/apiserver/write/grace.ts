// Graceful deletion of pods: how long one has, and what a second deletion changes (upstream's rest/delete.go BeforeDelete
// and the pod strategy's CheckGracefulDelete). May import src/base and src/kinds.
import { toTime } from "../../base/clock.ts";
import type { KubernetesObject } from "../../kinds/object.ts";
import type { DeleteOptions } from "../request/query.ts";

export interface Grace {
  /** "now": no grace; "pending": it is on its way already, nothing changes; "begin": these fields are to be written. */
  readonly kind: "now" | "pending" | "begin";
  readonly seconds: number;
  readonly deletionTimestamp: string;
  /** It is the first deletion: the generation grows. */
  readonly first: boolean;
}

interface PodLike extends KubernetesObject {
  readonly spec?: { readonly nodeName?: string; readonly terminationGracePeriodSeconds?: number };
  readonly status?: { readonly phase?: string };
}

const nowGrace: Grace = { kind: "now", seconds: 0, deletionTimestamp: "", first: false };

/** The seconds that a pod is given; 0: it can go at once. */
function periodOf(pod: PodLike, options: DeleteOptions): number {
  const { spec, status } = pod;
  if (!spec?.nodeName) return 0;
  if (status?.phase === "Failed" || status?.phase === "Succeeded") return 0;
  const period = options.gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 0;
  return period < 0 ? 1 : period;
}

/** What a deletion does to a pod at this moment. */
export function graceOf(pod: KubernetesObject, options: DeleteOptions, nowMs: number): Grace {
  const { metadata } = pod;
  if (!metadata.deletionTimestamp) {
    const seconds = periodOf(pod as PodLike, options);
    return { kind: "begin", seconds, deletionTimestamp: toTime(nowMs + seconds * 1000), first: true };
  }
  const current = metadata.deletionGracePeriodSeconds ?? 0;
  if (current === 0) return nowGrace;
  const asked = options.gracePeriodSeconds;
  if (asked === undefined) return { kind: "pending", seconds: current, deletionTimestamp: "", first: false };
  const wanted = asked < 0 ? 1 : asked;
  if (wanted >= current) return { kind: "pending", seconds: current, deletionTimestamp: "", first: false };
  const begun = Date.parse(metadata.deletionTimestamp) - current * 1000;
  const ends = begun + wanted * 1000;
  if (ends >= nowMs) return { kind: "begin", seconds: wanted, deletionTimestamp: toTime(ends), first: false };
  return { kind: "begin", seconds: wanted === 0 ? 0 : 1, deletionTimestamp: toTime(nowMs), first: false };
}
