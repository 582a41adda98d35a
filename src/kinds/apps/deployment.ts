// Deployments. May import src/base.
import { forbidden, invalid, notSupported, required, type FieldError } from "../../base/field-error.ts";
import { printLabels } from "../../base/labels.ts";
import { scaleSubresource } from "../autoscaling/scale.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { carry, columns, defineKind, objectSubresource, statusStrategy } from "../meta/define-kind.ts";
import { semanticEqual } from "../meta/equality.ts";
import { validateNonnegative } from "../meta/object-meta.ts";
import { defaultPodTemplateSpec } from "../pod/defaults.ts";
import { warnOfPodTemplate } from "../pod/warnings.ts";
import type { Deployment, DeploymentSpec, DeploymentStrategy } from "../types/apps-v1.gen.ts";
import {
  amountOf,
  validateAtMost,
  validateAtMostAll,
  validateCollisionCount,
  validateCounts,
  validateNumberOrPercent,
} from "./counts.ts";
import * as template from "./selected-template.ts";

const emptySpec = {} as DeploymentSpec;

function validateStrategy(update: DeploymentStrategy): FieldError[] {
  const type: string = update.type ?? "";
  const { rollingUpdate } = update;
  const field = "spec.strategy";
  const rolling = `${field}.rollingUpdate`;
  if (type === "Recreate") {
    return rollingUpdate ? [forbidden(rolling, "may not be specified when strategy `type` is 'Recreate'")] : [];
  }
  if (type !== "RollingUpdate") {
    const printed = {
      Type: type,
      RollingUpdate: rollingUpdate
        ? { MaxUnavailable: rollingUpdate.maxUnavailable ?? 0, MaxSurge: rollingUpdate.maxSurge ?? 0 }
        : null,
    };
    return [notSupported(field, printed, ["Recreate", "RollingUpdate"])];
  }
  if (!rollingUpdate) return [required(rolling, "this should be defaulted and never be nil")];
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate;
  const errors = [
    ...validateNumberOrPercent(maxUnavailable, `${rolling}.maxUnavailable`),
    ...validateNumberOrPercent(maxSurge, `${rolling}.maxSurge`),
  ];
  if (amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0) {
    errors.push(invalid(`${rolling}.maxUnavailable`, maxUnavailable, "may not be 0 when `maxSurge` is 0"));
  }
  return [...errors, ...validateAtMostAll(maxUnavailable, `${rolling}.maxUnavailable`)];
}

function validateSpec({ spec = emptySpec }: Deployment, old?: Deployment): FieldError[] {
  const { minReadySeconds = 0, progressDeadlineSeconds } = spec;
  const errors = [
    ...validateNonnegative(spec.replicas, "spec.replicas"),
    ...template.validateWorkloadSelector(spec.selector, "spec.selector", "deployment"),
    ...template.validateReplicaTemplate(spec.selector, spec.template, old?.spec?.template),
    ...validateStrategy(spec.strategy ?? {}),
    ...validateNonnegative(minReadySeconds, "spec.minReadySeconds"),
    ...validateNonnegative(spec.revisionHistoryLimit, "spec.revisionHistoryLimit"),
    ...validateNonnegative(progressDeadlineSeconds, "spec.progressDeadlineSeconds"),
  ];
  if (progressDeadlineSeconds !== undefined && progressDeadlineSeconds <= minReadySeconds) {
    errors.push(
      invalid("spec.progressDeadlineSeconds", progressDeadlineSeconds, "must be greater than minReadySeconds"),
    );
  }
  return errors;
}

const strategy: Strategy<Deployment> = {
  allowUnconditionalUpdate: true,
  validateOnUpdate: false,
  resetFields: [["status"]],
  generationOf: ({ spec, metadata }) => [spec, metadata.annotations ?? {}],
  default(draft) {
    const spec = (draft.spec ??= {});
    spec.template ??= {};
    defaultPodTemplateSpec(spec.template);
    spec.replicas ??= 1;
    spec.strategy ??= {};
    spec.strategy.type ||= "RollingUpdate";
    if (spec.strategy.type === "RollingUpdate") {
      spec.strategy.rollingUpdate ??= {};
      spec.strategy.rollingUpdate.maxUnavailable ??= "25%";
      spec.strategy.rollingUpdate.maxSurge ??= "25%";
    }
    spec.revisionHistoryLimit ??= 10;
    spec.progressDeadlineSeconds ??= 600;
  },
  prepareForCreate(draft) {
    draft.status = {};
  },
  prepareForUpdate: (draft, old) => carry(draft, old, "status"),
  validate: (object) => validateSpec(object),
  validateUpdate: (object, old) => [
    ...validateSpec(object, old),
    ...template.validateSelectorUpdate(object.spec?.selector, old.spec?.selector),
  ],
  warnings({ metadata, spec }, old) {
    const changed =
      !old ||
      !semanticEqual(spec, old.spec) ||
      !semanticEqual(metadata.annotations ?? {}, old.metadata.annotations ?? {});
    if (!changed) return [];
    const names = old ? [] : template.warnOfName(metadata.name);
    return [...names, ...warnOfPodTemplate(spec?.template, "spec.template")];
  },
};

const status = statusStrategy(strategy, ["spec", "metadata.labels"], {
  resetFields: [["spec"], ["metadata", "labels"]],
  validateUpdate({ status: now }, old) {
    const names = ["updatedReplicas", "readyReplicas", "availableReplicas"];
    return [
      ...validateCounts(
        now,
        ["observedGeneration", "replicas", ...names, "unavailableReplicas", "terminatingReplicas", "collisionCount"],
        "status",
      ),
      ...validateAtMost(now, names, "replicas", "cannot be greater than status.replicas"),
      ...validateAtMost(now, ["availableReplicas"], "readyReplicas", "cannot be greater than readyReplicas"),
      ...validateCollisionCount(now, old.status),
    ];
  },
});

function printMatcher(spec: DeploymentSpec | undefined): string {
  const matcher = template.readSelector(spec?.selector);
  return matcher ? printLabels(matcher) : "<invalid>";
}

export const deployment = defineKind<Deployment>({
  group: "apps",
  version: "v1",
  kind: "Deployment",
  plural: "deployments",
  shortNames: ["deploy"],
  categories: ["all"],
  namespaced: true,
  definition: "apps.v1.Deployment",
  storageKey: "deployments",
  subresources: [scaleSubresource(), objectSubresource("status", status)],
  columns: columns("Name:name", "Ready", "Up-to-date", "Available", "Age", "Containers:+", "Images:+", "Selector:+"),
  cells: ({ metadata, spec, status: now }, nowMs) => [
    metadata.name,
    `${now?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    now?.updatedReplicas ?? 0,
    now?.availableReplicas ?? 0,
    humanAge(metadata.creationTimestamp, nowMs),
    ...template.containerCells(spec?.template?.spec?.containers),
    printMatcher(spec),
  ],
  strategy,
});
