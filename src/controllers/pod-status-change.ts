// A change of some conditions (and maybe the phase) of a pod, as a patch: it needs the verb patch alone, and it meets no
// conflict with what the kubelet writes meanwhile. Upstream: pkg/util/pod PatchPodStatus. May import src/base, src/kinds.
import { pod as podKind } from "../kinds/core/pod.ts";
import type { JsonObject } from "../kinds/object.ts";
import type { Pod, PodCondition } from "../kinds/types/core-v1.gen.ts";
import type { Change } from "./controller.ts";

/** Refused with 409 when the pod is not the one of this uid any more. */
export function podStatusChange(
  pod: Pod,
  status: { readonly phase?: string; readonly conditions?: readonly PodCondition[] },
): Change {
  const { name, namespace, uid, generation } = pod.metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  const { phase, conditions } = status;
  const patch = {
    metadata: { uid },
    status: {
      ...(phase === undefined ? {} : { phase, ...observed }),
      ...(conditions ? { conditions: conditions.map((one) => ({ ...one, ...observed })) } : {}),
    },
  };
  return {
    do: "patch",
    kind: podKind,
    namespace,
    name,
    patch: patch as unknown as JsonObject,
    options: { type: "strategic", subresource: "status" },
  };
}

/** The condition as it is to be, keeping its time where its status stays; undefined: it is so already. */
export function changedCondition(pod: Pod, wanted: PodCondition, now: string): PodCondition | undefined {
  const before = pod.status?.conditions?.find((one) => one.type === wanted.type);
  if (before?.status === wanted.status && before.reason === wanted.reason && before.message === wanted.message) {
    return undefined;
  }
  const lastTransitionTime = before?.status === wanted.status ? before.lastTransitionTime : now;
  return { ...wanted, lastTransitionTime };
}
