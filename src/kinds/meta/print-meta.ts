// Metadata as upstream prints it in an error: the fields in its struct's order. May import src/base.
import type { KubernetesObject } from "../object.ts";

const order = [
  "name",
  "generateName",
  "namespace",
  "selfLink",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "labels",
  "annotations",
  "ownerReferences",
  "finalizers",
  "managedFields",
] as const;

export function printObjectMeta(metadata: KubernetesObject["metadata"]): object {
  const entries = order.map((name) => [name, metadata[name]] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== null && value !== ""));
}
