// Whether a pod's tolerations match a node's taints. Source: k8s.io/component-helpers/scheduling/corev1. May import
// src/base.
import type { Taint, Toleration } from "../types/core-v1.gen.ts";

/** An empty effect matches all effects, an empty key with Exists all keys. */
export function toleratesTaint(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  const operator = (toleration.operator ?? "") as string;
  if (operator === "" || operator === "Equal") return (toleration.value ?? "") === (taint.value ?? "");
  return operator === "Exists";
}

export const toleratesTaintAmong = (tolerations: readonly Toleration[] | undefined, taint: Taint): boolean =>
  (tolerations ?? []).some((one) => toleratesTaint(one, taint));

/** The first taint of those effects that no toleration matches. */
export function findUntoleratedTaint(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly string[] = ["NoSchedule", "NoExecute"],
): Taint | undefined {
  return (taints ?? []).find((taint) => effects.includes(taint.effect) && !toleratesTaintAmong(tolerations, taint));
}
