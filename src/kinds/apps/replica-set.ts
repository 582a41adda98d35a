// ReplicaSets. May import src/base.
import type { FieldError } from "../../base/field-error.ts";
import { formatSelector } from "../../base/labels.ts";
import { scaleSubresource } from "../autoscaling/scale.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { carry, columns, defineKind, objectSubresource, statusStrategy } from "../meta/define-kind.ts";
import { semanticEqual } from "../meta/equality.ts";
import { validateNonnegative } from "../meta/object-meta.ts";
import { defaultPodTemplateSpec } from "../pod/defaults.ts";
import { warnOfPodTemplate } from "../pod/warnings.ts";
import type { ReplicaSet, ReplicaSetSpec } from "../types/apps-v1.gen.ts";
import { validateAtMost, validateCounts } from "./counts.ts";
import * as template from "./selected-template.ts";

const emptySpec = {} as ReplicaSetSpec;

function validateSpec({ spec = emptySpec }: ReplicaSet, old?: ReplicaSet): FieldError[] {
  return [
    ...validateNonnegative(spec.replicas, "spec.replicas"),
    ...validateNonnegative(spec.minReadySeconds, "spec.minReadySeconds"),
    // Upstream says "deployment" here too.
    ...template.validateWorkloadSelector(spec.selector, "spec.selector", "deployment"),
    ...template.validateReplicaTemplate(spec.selector, spec.template, old?.spec?.template),
  ];
}

const strategy: Strategy<ReplicaSet> = {
  allowUnconditionalUpdate: true,
  validateOnUpdate: false,
  resetFields: [["status"]],
  generationOf: ({ spec }) => spec,
  default(draft) {
    const spec = (draft.spec ??= {});
    spec.template ??= {};
    defaultPodTemplateSpec(spec.template);
    spec.replicas ??= 1;
  },
  prepareForCreate(draft) {
    draft.status = { replicas: 0 };
  },
  prepareForUpdate: (draft, old) => carry(draft, old, "status"),
  validate: (object) => validateSpec(object),
  validateUpdate: (object, old) => [
    ...validateSpec(object, old),
    ...template.validateSelectorUpdate(object.spec?.selector, old.spec?.selector),
  ],
  warnings({ metadata, spec }, old) {
    if (old && semanticEqual(spec, old.spec)) return [];
    const names = old ? [] : template.warnOfName(metadata.name);
    return [...names, ...warnOfPodTemplate(spec?.template, "spec.template")];
  },
};

/** What the status of a ReplicaSet or ReplicationController may say. */
export function validateReplicaStatus(status: object | undefined): FieldError[] {
  const names = ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"];
  return [
    ...validateCounts(status, ["replicas", ...names, "observedGeneration", "terminatingReplicas"], "status"),
    ...validateAtMost(status, names, "replicas", "cannot be greater than status.replicas"),
    ...validateAtMost(status, ["availableReplicas"], "readyReplicas", "cannot be greater than readyReplicas"),
  ];
}

const status = statusStrategy(strategy, ["spec"], {
  validateUpdate: ({ status: now }) => validateReplicaStatus(now),
});

export const replicaColumns = columns(
  "Name:name",
  "Desired:integer",
  "Current:integer",
  "Ready:integer",
  "Age",
  "Containers:+",
  "Images:+",
  "Selector:+",
);

export const replicaSet = defineKind<ReplicaSet>({
  group: "apps",
  version: "v1",
  kind: "ReplicaSet",
  plural: "replicasets",
  shortNames: ["rs"],
  categories: ["all"],
  namespaced: true,
  definition: "apps.v1.ReplicaSet",
  storageKey: "replicasets",
  subresources: [scaleSubresource(), objectSubresource("status", status)],
  columns: replicaColumns,
  cells: ({ metadata, spec, status: now }, nowMs) => [
    metadata.name,
    spec?.replicas ?? 0,
    now?.replicas ?? 0,
    now?.readyReplicas ?? 0,
    humanAge(metadata.creationTimestamp, nowMs),
    ...template.containerCells(spec?.template?.spec?.containers),
    formatSelector(spec?.selector),
  ],
  selectableFields: { "status.replicas": (object) => String(object.status?.replicas ?? 0) },
  strategy,
});
