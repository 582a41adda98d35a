// DaemonSets. Their template's generation is a field upstream; in apps/v1 it is an annotation. May import src/base.
import { invalid, notSupported, required, type FieldError } from "../../base/field-error.ts";
import { formatSelector, matchesLabels } from "../../base/labels.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { carry, columns, defineKind, objectSubresource, statusStrategy } from "../meta/define-kind.ts";
import { semanticEqual } from "../meta/equality.ts";
import {
  hasInvalidLabelValue,
  isEmptySelector,
  printLabelMap,
  printSelector,
  validateLabelSelector,
} from "../meta/label-selector.ts";
import { validateNonnegative } from "../meta/object-meta.ts";
import type { Draft, KubernetesObject } from "../object.ts";
import { defaultPodTemplateSpec } from "../pod/defaults.ts";
import { validatePodTemplateSpec } from "../pod/validation/spec.ts";
import { warnOfPodTemplate } from "../pod/warnings.ts";
import type { DaemonSet, DaemonSetSpec, DaemonSetUpdateStrategy } from "../types/apps-v1.gen.ts";
import {
  amountOf,
  validateAtMostAll,
  validateCollisionCount,
  validateCounts,
  validateNumberOrPercent,
} from "./counts.ts";
import * as template from "./selected-template.ts";

/** Counts the template's changes. */
export const templateGenerationAnnotation = "deprecated.daemonset.template.generation";

const emptySpec = {} as DaemonSetSpec;

type RollingUpdate = NonNullable<DaemonSetUpdateStrategy["rollingUpdate"]>;

function validateRolling({ maxUnavailable = 0, maxSurge = 0 }: RollingUpdate, field: string): FieldError[] {
  const [unavailable, surge] = [`${field}.maxUnavailable`, `${field}.maxSurge`];
  const errors = [
    ...validateNumberOrPercent(maxUnavailable, unavailable),
    ...validateNumberOrPercent(maxSurge, surge),
    ...validateAtMostAll(maxUnavailable, unavailable),
    ...validateAtMostAll(maxSurge, surge),
  ];
  const [hasUnavailable, hasSurge] = [amountOf(maxUnavailable) !== 0, amountOf(maxSurge) !== 0];
  if (hasUnavailable && hasSurge) {
    errors.push(invalid(surge, maxSurge, "may not be set when maxUnavailable is non-zero"));
  }
  if (!hasUnavailable && !hasSurge) errors.push(required(unavailable, "cannot be 0 when maxSurge is 0"));
  return errors;
}

function validateUpdateStrategy(update: DaemonSetUpdateStrategy): FieldError[] {
  const type: string = update.type ?? "";
  const { rollingUpdate } = update;
  const field = "spec.updateStrategy";
  if (type === "OnDelete") return [];
  if (type === "RollingUpdate") {
    const at = `${field}.rollingUpdate`;
    return rollingUpdate ? validateRolling(rollingUpdate, at) : [required(at)];
  }
  const printed = {
    Type: type,
    RollingUpdate: rollingUpdate
      ? { MaxUnavailable: rollingUpdate.maxUnavailable ?? 0, MaxSurge: rollingUpdate.maxSurge ?? 0 }
      : null,
  };
  return [notSupported(field, printed, ["RollingUpdate", "OnDelete"])];
}

function validateSpec({ spec = emptySpec }: DaemonSet, old?: DaemonSet): FieldError[] {
  const allowInvalidValues = hasInvalidLabelValue(old?.spec?.selector);
  const errors = validateLabelSelector(spec.selector, "spec.selector", { allowInvalidValues });
  const matcher = template.readSelector(spec.selector);
  const labels = spec.template?.metadata?.labels;
  if (matcher && !matchesLabels(matcher, labels)) {
    const detail = "`selector` does not match template `labels`";
    errors.push(invalid("spec.template.metadata.labels", printLabelMap(labels), detail));
  }
  if (spec.selector && isEmptySelector(spec.selector)) {
    errors.push(invalid("spec.selector", printSelector(spec.selector), "empty selector is invalid for daemonset"));
  }
  return [
    ...errors,
    ...validatePodTemplateSpec(spec.template, "spec.template", old?.spec?.template),
    ...template.validateAlwaysRestarts(spec.template, "spec.template", "DaemonSet"),
    ...validateNonnegative(spec.minReadySeconds, "spec.minReadySeconds"),
    ...validateUpdateStrategy(spec.updateStrategy ?? {}),
    ...validateNonnegative(spec.revisionHistoryLimit, "spec.revisionHistoryLimit"),
  ];
}

const generationIn = ({ metadata }: Pick<KubernetesObject, "metadata">): number =>
  Number(metadata?.annotations?.[templateGenerationAnnotation] ?? "0") || 0;

function writeGeneration(draft: Draft<DaemonSet>, generation: number): void {
  const metadata = (draft.metadata ??= {});
  metadata.annotations = { ...metadata.annotations, [templateGenerationAnnotation]: String(generation) };
}

const strategy: Strategy<DaemonSet> = {
  allowUnconditionalUpdate: true,
  validateOnUpdate: false,
  resetFields: [["status"]],
  generationOf: ({ spec }) => spec,
  default(draft) {
    const spec = (draft.spec ??= {});
    spec.template ??= {};
    defaultPodTemplateSpec(spec.template);
    spec.updateStrategy ??= {};
    spec.updateStrategy.type ||= "RollingUpdate";
    if (spec.updateStrategy.type === "RollingUpdate") {
      spec.updateStrategy.rollingUpdate ??= {};
      spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
      spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
    }
    spec.revisionHistoryLimit ??= 10;
    // Upstream keeps the count as a field of its internal form, and writes it whenever it converts back.
    writeGeneration(draft, generationIn(draft as DaemonSet));
  },
  prepareForCreate(draft) {
    draft.status = {} as never;
    writeGeneration(draft, Math.max(1, generationIn(draft as DaemonSet)));
  },
  prepareForUpdate(draft, old) {
    carry(draft, old, "status");
    const changed = !semanticEqual(draft.spec?.template, old.spec?.template);
    writeGeneration(draft, generationIn(old) + (changed ? 1 : 0));
  },
  validate: (object) => validateSpec(object),
  validateUpdate: (object, old) => [
    ...template.validateSelectorUpdate(object.spec?.selector, old.spec?.selector),
    ...validateSpec(object, old),
  ],
  warnings({ spec }, old) {
    if (old && semanticEqual(spec?.template, old.spec?.template)) return [];
    return warnOfPodTemplate(spec?.template, "spec.template");
  },
};

const status = statusStrategy(strategy, ["spec"], {
  validateUpdate({ status: now }, old) {
    const names = [
      "currentNumberScheduled",
      "numberMisscheduled",
      "desiredNumberScheduled",
      "numberReady",
      "observedGeneration",
      "updatedNumberScheduled",
      "numberAvailable",
      "numberUnavailable",
      "collisionCount",
    ];
    return [...validateCounts(now, names, "status"), ...validateCollisionCount(now, old.status)];
  },
});

const printNodeSelector = (selector: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(selector ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(",") || "<none>";

export const daemonSet = defineKind<DaemonSet>({
  group: "apps",
  version: "v1",
  kind: "DaemonSet",
  plural: "daemonsets",
  shortNames: ["ds"],
  categories: ["all"],
  namespaced: true,
  definition: "apps.v1.DaemonSet",
  storageKey: "daemonsets",
  subresources: [objectSubresource("status", status)],
  columns: columns(
    "Name:name",
    "Desired:integer",
    "Current:integer",
    "Ready:integer",
    "Up-to-date:integer",
    "Available:integer",
    "Node Selector",
    "Age",
    "Containers:+",
    "Images:+",
    "Selector:+",
  ),
  cells: ({ metadata, spec, status: now }, nowMs) => [
    metadata.name,
    now?.desiredNumberScheduled ?? 0,
    now?.currentNumberScheduled ?? 0,
    now?.numberReady ?? 0,
    now?.updatedNumberScheduled ?? 0,
    now?.numberAvailable ?? 0,
    printNodeSelector(spec?.template?.spec?.nodeSelector),
    humanAge(metadata.creationTimestamp, nowMs),
    ...template.containerCells(spec?.template?.spec?.containers),
    formatSelector(spec?.selector),
  ],
  strategy,
});
