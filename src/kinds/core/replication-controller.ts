// ReplicationControllers: ReplicaSets as they were before they had selectors with expressions. May import src/base.
import { required, type FieldError } from "../../base/field-error.ts";
import { matcherOfLabels } from "../../base/labels.ts";
import { replicaColumns, validateReplicaStatus } from "../apps/replica-set.ts";
import * as template from "../apps/selected-template.ts";
import { scaleSubresource } from "../autoscaling/scale.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { carry, defineKind, objectSubresource, statusStrategy } from "../meta/define-kind.ts";
import { semanticEqual } from "../meta/equality.ts";
import { validateNonnegative } from "../meta/object-meta.ts";
import { defaultPodTemplateSpec } from "../pod/defaults.ts";
import { validatePodTemplateSpec } from "../pod/validation/spec.ts";
import { warnOfPodTemplate } from "../pod/warnings.ts";
import type { ReplicationController, ReplicationControllerSpec } from "../types/core-v1.gen.ts";

const emptySpec = {} as ReplicationControllerSpec;

function validateSpec({ spec = emptySpec }: ReplicationController, old?: ReplicationController): FieldError[] {
  const { selector = {} } = spec;
  const errors = validateNonnegative(spec.minReadySeconds, "spec.minReadySeconds");
  if (Object.keys(selector).length === 0) errors.push(required("spec.selector"));
  if (spec.replicas === undefined) errors.push(required("spec.replicas"));
  else errors.push(...validateNonnegative(spec.replicas, "spec.replicas"));
  const field = "spec.template";
  if (!spec.template) return [...errors, required(field)];
  return [
    ...errors,
    ...template.validateMatch(matcherOfLabels(selector), spec.template, field),
    ...validatePodTemplateSpec(spec.template, field, old?.spec?.template),
    ...template.validateAlwaysRestarts(spec.template, field, "ReplicationController"),
  ];
}

const strategy: Strategy<ReplicationController> = {
  allowUnconditionalUpdate: true,
  validateOnUpdate: false,
  resetFields: [["status"]],
  generationOf: ({ spec }) => spec,
  default(draft) {
    const spec = (draft.spec ??= {});
    spec.replicas ??= 1;
    if (!spec.template) return;
    defaultPodTemplateSpec(spec.template);
    const labels = spec.template.metadata?.labels as Record<string, string> | undefined;
    if (!labels) return;
    if (Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels };
    if (Object.keys(draft.metadata?.labels ?? {}).length === 0) (draft.metadata ??= {}).labels = { ...labels };
  },
  prepareForCreate(draft) {
    draft.status = { replicas: 0 };
  },
  prepareForUpdate: (draft, old) => carry(draft, old, "status"),
  validate: (object) => validateSpec(object),
  validateUpdate: (object, old) => validateSpec(object, old),
  warnings({ metadata, spec }, old) {
    if (old && semanticEqual(spec, old.spec)) return [];
    // Upstream warns of the template that was, when a controller is updated.
    const shown = old ? old.spec?.template : spec?.template;
    return [...(old ? [] : template.warnOfName(metadata.name)), ...warnOfPodTemplate(shown, "spec.template")];
  },
};

const status = statusStrategy(strategy, ["spec"], {
  validateUpdate: ({ status: now }) => validateReplicaStatus(now),
});

const printSelector = (selector: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(selector ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(",") || "<none>";

export const replicationController = defineKind<ReplicationController>({
  group: "",
  version: "v1",
  kind: "ReplicationController",
  plural: "replicationcontrollers",
  shortNames: ["rc"],
  categories: ["all"],
  namespaced: true,
  definition: "core.v1.ReplicationController",
  storageKey: "controllers",
  orphansByDefault: true,
  subresources: [scaleSubresource(), objectSubresource("status", status)],
  columns: replicaColumns,
  cells: ({ metadata, spec, status: now }, nowMs) => [
    metadata.name,
    spec?.replicas ?? 0,
    now?.replicas ?? 0,
    now?.readyReplicas ?? 0,
    humanAge(metadata.creationTimestamp, nowMs),
    ...template.containerCells(spec?.template?.spec?.containers),
    printSelector(spec?.selector),
  ],
  selectableFields: { "status.replicas": (object) => String(object.status?.replicas ?? 0) },
  strategy,
});
