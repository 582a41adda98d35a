// Scale: the body of the scale subresources, in which a workload is only how many replicas it has. May import src/base.
import type { Subresource } from "../kind.ts";
import type { KubernetesObject } from "../object.ts";

/** The scale subresource of a kind. Its reads and writes are the server's: it maps spec.replicas and status. */
export const scaleSubresource = <T extends KubernetesObject>(): Subresource<T> => ({
  name: "scale",
  verbs: ["get", "patch", "update"],
  body: { group: "autoscaling", version: "v1", kind: "Scale", definition: "autoscaling.v1.Scale" },
});
