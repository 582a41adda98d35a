// ResourceClaimTemplates: what the claims of pods are made from. May import src/base.
import { invalid } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { columns, defineKind } from "../meta/define-kind.ts";
import { semanticEqual } from "../meta/equality.ts";
import { immutableMessage } from "../meta/object-meta.ts";
import { printObjectMeta } from "../meta/print-meta.ts";
import { validateTemplateMeta } from "../pod/validation/volumes/claim-template.ts";
import type { ResourceClaimTemplate } from "../types/resource-v1.gen.ts";
import { printClaimSpec } from "./claim-print.ts";
import { defaultClaimSpec, validateClaimSpec } from "./claim-spec.ts";

const strategy: Strategy<ResourceClaimTemplate> = {
  allowUnconditionalUpdate: true,
  metadataChecks: { updateAsCreate: 1 },
  default(draft) {
    const spec = (draft.spec ??= {});
    defaultClaimSpec((spec.spec ??= {}));
  },
  validate: ({ spec }) => [
    ...validateTemplateMeta(spec.metadata, "spec.metadata"),
    ...validateClaimSpec(spec.spec, "spec.spec"),
  ],
  validateUpdate({ spec }, old) {
    if (semanticEqual(spec, old.spec)) return [];
    const printed = { ...(spec.metadata && printObjectMeta(spec.metadata)), Spec: printClaimSpec(spec.spec) };
    return [invalid("spec", printed, immutableMessage)];
  },
};

export const resourceClaimTemplate = defineKind<ResourceClaimTemplate>({
  group: "resource.k8s.io",
  version: "v1",
  kind: "ResourceClaimTemplate",
  plural: "resourceclaimtemplates",
  namespaced: true,
  definition: "resource.v1.ResourceClaimTemplate",
  storageKey: "resourceclaimtemplates",
  columns: columns("Name:name", "Age"),
  cells: ({ metadata }, nowMs) => [metadata.name, humanAge(metadata.creationTimestamp, nowMs)],
  strategy,
});
