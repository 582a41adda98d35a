// StatefulSets. May import src/base.
import { forbidden, invalid, notSupported, required, type FieldError } from "../../base/field-error.ts";
import { isEverything } from "../../base/labels.ts";
import { scaleSubresource } from "../autoscaling/scale.ts";
import { defaultClaimTemplate, validateClaimSpec, warnOfClaimSpec } from "../core/persistent-volume-claim.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { carry, columns, defineKind, objectSubresource, statusStrategy } from "../meta/define-kind.ts";
import { semanticEqual } from "../meta/equality.ts";
import { printSelector } from "../meta/label-selector.ts";
import { isDNS1123Label, nameIsDNSLabel } from "../meta/names.ts";
import { validateAnnotations, validateLabels, validateNonnegative } from "../meta/object-meta.ts";
import type { Draft } from "../object.ts";
import { defaultPodTemplateSpec } from "../pod/defaults.ts";
import { validatePodSpecificAnnotations } from "../pod/validation/annotations.ts";
import { podValidationOptions } from "../pod/validation/options.ts";
import { validatePodTemplateSpec } from "../pod/validation/spec.ts";
import { warnOfPodTemplate } from "../pod/warnings.ts";
import type { StatefulSet, StatefulSetSpec } from "../types/apps-v1.gen.ts";
import type { PodTemplateSpec, Volume } from "../types/core-v1.gen.ts";
import {
  amountOf,
  validateAtMost,
  validateAtMostAll,
  validateCollisionCount,
  validateCounts,
  validateNumberOrPercent,
} from "./counts.ts";
import * as template from "./selected-template.ts";

const emptySpec = {} as StatefulSetSpec;

type RollingUpdate = NonNullable<NonNullable<StatefulSetSpec["updateStrategy"]>["rollingUpdate"]>;

const printRolling = (rolling: RollingUpdate | undefined): object | null =>
  rolling ? { Partition: rolling.partition ?? 0, MaxUnavailable: rolling.maxUnavailable ?? null } : null;

function validateUpdateStrategy({ updateStrategy = {} }: StatefulSetSpec): FieldError[] {
  const field = "spec.updateStrategy";
  const type: string = updateStrategy.type ?? "";
  const { rollingUpdate } = updateStrategy;
  if (type === "") return [required(field)];
  if (type === "OnDelete") {
    if (!rollingUpdate) return [];
    const detail = "only allowed for updateStrategy 'RollingUpdate'";
    return [invalid(`${field}.rollingUpdate`, printRolling(rollingUpdate), detail)];
  }
  if (type !== "RollingUpdate") {
    const printed = { Type: type, RollingUpdate: printRolling(rollingUpdate) };
    return [invalid(field, printed, "must be 'RollingUpdate' or 'OnDelete'")];
  }
  if (!rollingUpdate) return [];
  const errors = validateNonnegative(rollingUpdate.partition, `${field}.rollingUpdate.partition`);
  const { maxUnavailable } = rollingUpdate;
  if (maxUnavailable === undefined) return errors;
  const at = `${field}.rollingUpdate.maxUnavailable`;
  errors.push(...validateNumberOrPercent(maxUnavailable, at));
  if (amountOf(maxUnavailable) === 0) errors.push(invalid(at, maxUnavailable, "cannot be 0"));
  return [...errors, ...validateAtMostAll(maxUnavailable, at)];
}

function validateRetention({ persistentVolumeClaimRetentionPolicy: policy }: StatefulSetSpec): FieldError[] {
  if (!policy) return [];
  const field = "spec.persistentVolumeClaimRetentionPolicy";
  const known = ["Retain", "Delete"];
  return (["whenDeleted", "whenScaled"] as const)
    .filter((name) => !known.includes(policy[name] ?? ""))
    .map((name) => notSupported(`${field}.${name}`, policy[name] ?? "", known));
}

/** The template as its pods will be: the claims' volumes in place, what each pod is given left out. */
function completeTemplate(spec: StatefulSetSpec): PodTemplateSpec | undefined {
  const podSpec = spec.template?.spec;
  if (!podSpec) return spec.template;
  const { subdomain: _, hostname: __, ...rest } = podSpec;
  const claims = (spec.volumeClaimTemplates ?? []).map((claim) => claim.metadata?.name ?? "");
  if (claims.length === 0) return { ...spec.template, spec: rest };
  const added: Volume[] = [...new Set(claims)].map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  const own = (podSpec.volumes ?? []).filter((volume) => !claims.includes(volume.name));
  return { ...spec.template, spec: { ...rest, volumes: [...added, ...own] } };
}

function validateTemplate(spec: StatefulSetSpec, old: PodTemplateSpec | undefined, skipSpec: boolean): FieldError[] {
  const matcher = template.readSelector(spec.selector);
  if (!matcher) return [invalid("spec.selector", printSelector(spec.selector), "")];
  const field = "spec.template";
  const complete = completeTemplate(spec);
  const options = podValidationOptions(old?.spec, old?.metadata, false);
  const meta = complete?.metadata;
  return [
    ...(isEverything(matcher) ? [] : template.validateMatch(matcher, complete, field)),
    ...(skipSpec ? [] : validatePodTemplateSpec(complete, field, old)),
    ...validateLabels(meta?.labels, `${field}.labels`),
    ...validateAnnotations(meta?.annotations, `${field}.annotations`),
    ...validatePodSpecificAnnotations(
      meta?.annotations,
      complete?.spec ?? ({} as never),
      `${field}.annotations`,
      options,
    ),
  ];
}

interface SpecOptions {
  readonly update: boolean;
  readonly skipTemplate: boolean;
}

function validateSpec(spec: StatefulSetSpec, old: StatefulSetSpec | undefined, options: SpecOptions): FieldError[] {
  const errors: FieldError[] = [];
  const policy: string = spec.podManagementPolicy ?? "";
  const policyField = "spec.podManagementPolicy";
  if (policy === "") errors.push(required(policyField));
  else if (policy !== "OrderedReady" && policy !== "Parallel") {
    errors.push(invalid(policyField, policy, "must be 'OrderedReady' or 'Parallel'"));
  }
  errors.push(...validateUpdateStrategy(spec), ...validateRetention(spec));
  if (!options.update) {
    for (const [index, claim] of (spec.volumeClaimTemplates ?? []).entries()) {
      errors.push(...validateClaimSpec(claim.spec ?? {}, `spec.volumeClaimTemplates[${index}].spec`));
    }
  }
  errors.push(
    ...validateNonnegative(spec.replicas, "spec.replicas"),
    ...validateNonnegative(spec.minReadySeconds, "spec.minReadySeconds"),
    ...validateNonnegative(spec.ordinals?.start, "spec.ordinals.start"),
  );
  const service = spec.serviceName ?? "";
  if (!options.update && service !== "") {
    errors.push(...isDNS1123Label(service).map((message) => invalid("spec.serviceName", service, message)));
  }
  return [
    ...errors,
    ...template.validateWorkloadSelector(spec.selector, "spec.selector", "statefulset"),
    ...validateTemplate(spec, old?.template, options.skipTemplate),
    ...template.validateAlwaysRestarts(spec.template, "spec.template", "StatefulSet"),
  ];
}

const mutableFields = [
  "replicas",
  "template",
  "updateStrategy",
  "minReadySeconds",
  "ordinals",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
] as const;

function fixedPart(spec: StatefulSetSpec): object {
  const entries = Object.entries(spec).filter(([name]) => !(mutableFields as readonly string[]).includes(name));
  return Object.fromEntries(entries);
}

function validateUpdate({ spec = emptySpec }: StatefulSet, { spec: old = emptySpec }: StatefulSet): FieldError[] {
  // What was stored with a broken template may stay so.
  const skipTemplate = validateSpec(old, old, { update: true, skipTemplate: false }).length > 0;
  const errors = validateSpec(spec, old, { update: true, skipTemplate });
  if (semanticEqual(fixedPart(spec), fixedPart(old))) return errors;
  const names =
    "'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', " +
    "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds'";
  const detail = `updates to statefulset spec for fields other than ${names} are forbidden`;
  return [...errors, forbidden("spec", detail)];
}

// Off by default (KEP-961): the field is dropped unless it is in use.
function dropMaxUnavailable(draft: Draft<StatefulSet>): void {
  delete draft.spec?.updateStrategy?.rollingUpdate?.maxUnavailable;
}

const strategy: Strategy<StatefulSet> = {
  allowUnconditionalUpdate: true,
  validateOnUpdate: false,
  resetFields: [["status"]],
  generationOf: ({ spec }) => spec,
  default(draft) {
    const spec = (draft.spec ??= {});
    spec.template ??= {};
    defaultPodTemplateSpec(spec.template);
    for (const claim of spec.volumeClaimTemplates ?? []) {
      defaultClaimTemplate(claim);
      claim.kind ||= "PersistentVolumeClaim";
      claim.apiVersion ||= "v1";
      claim.status ??= {};
      claim.status.phase ||= "Pending";
    }
    spec.podManagementPolicy ||= "OrderedReady";
    spec.updateStrategy ??= {};
    if (!spec.updateStrategy.type) {
      spec.updateStrategy.type = "RollingUpdate";
      spec.updateStrategy.rollingUpdate ??= {};
    }
    if (spec.updateStrategy.type === "RollingUpdate" && spec.updateStrategy.rollingUpdate) {
      spec.updateStrategy.rollingUpdate.partition ??= 0;
    }
    spec.persistentVolumeClaimRetentionPolicy ??= {};
    spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= "Retain";
    spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= "Retain";
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
  },
  prepareForCreate(draft) {
    draft.status = { replicas: 0 };
    dropMaxUnavailable(draft);
  },
  prepareForUpdate(draft, old) {
    carry(draft, old, "status");
    if (old.spec?.updateStrategy?.rollingUpdate?.maxUnavailable === undefined) dropMaxUnavailable(draft);
  },
  validate: ({ spec = emptySpec }) => validateSpec(spec, undefined, { update: false, skipTemplate: false }),
  validateUpdate,
  warnings({ spec = emptySpec }, old) {
    const changed = !old || !semanticEqual(spec, old.spec);
    const warnings = changed ? warnOfPodTemplate(spec.template, "spec.template") : [];
    for (const [index, claim] of (spec.volumeClaimTemplates ?? []).entries()) {
      // On updates upstream's path differs.
      const path = `spec.volumeClaimTemplates[${index}]${old ? ".Spec" : ""}`;
      warnings.push(...warnOfClaimSpec(claim.spec, path));
    }
    if ((spec.revisionHistoryLimit ?? 0) < 0) {
      const detail = "a negative value retains all historical revisions; a value >= 0 is recommended";
      warnings.push(`spec.revisionHistoryLimit: ${detail}`);
    }
    return warnings;
  },
};

const status = statusStrategy(strategy, ["spec"], {
  validateUpdate({ status: now }, old) {
    const names = ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"];
    return [
      ...validateCounts(now, ["replicas", ...names, "observedGeneration", "collisionCount"], "status"),
      ...validateAtMost(now, names, "replicas", "cannot be greater than status.replicas"),
      ...validateAtMost(now, ["availableReplicas"], "readyReplicas", "cannot be greater than status.readyReplicas"),
      ...validateCollisionCount(now, old.status),
    ];
  },
});

export const statefulSet = defineKind<StatefulSet>({
  group: "apps",
  version: "v1",
  kind: "StatefulSet",
  plural: "statefulsets",
  shortNames: ["sts"],
  categories: ["all"],
  namespaced: true,
  definition: "apps.v1.StatefulSet",
  storageKey: "statefulsets",
  subresources: [scaleSubresource(), objectSubresource("status", status)],
  checkName: nameIsDNSLabel,
  columns: columns("Name:name", "Ready", "Age", "Containers:+", "Images:+"),
  cells: ({ metadata, spec, status: now }, nowMs) => [
    metadata.name,
    `${now?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    humanAge(metadata.creationTimestamp, nowMs),
    ...template.containerCells(spec?.template?.spec?.containers),
  ],
  strategy,
});
