// Scale: the body of the scale subresources, in which a workload is only how many replicas it has. May import src/base.
import type { FieldError } from "../../base/field-error.ts";
import type { Subresource } from "../kind.ts";
import type { KubernetesObject } from "../object.ts";
import { nameIsDNSSubdomain } from "../meta/names.ts";
import { validateNonnegative, validateObjectMeta } from "../meta/object-meta.ts";
import type { Scale } from "../types/autoscaling-v1.gen.ts";

/** The scale subresource of a kind. Its reads and writes are the server's: it maps spec.replicas and status. */
export const scaleSubresource = <T extends KubernetesObject>(): Subresource<T> => ({
  name: "scale",
  verbs: ["get", "patch", "update"],
  body: { group: "autoscaling", version: "v1", kind: "Scale", definition: "autoscaling.v1.Scale" },
});

export function validateScale({ metadata, spec }: Scale): FieldError[] {
  return [
    ...validateObjectMeta(metadata, { namespaced: true, checkName: nameIsDNSSubdomain }),
    ...validateNonnegative(spec?.replicas, "spec.replicas"),
  ];
}
