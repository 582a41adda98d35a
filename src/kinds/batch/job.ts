// Jobs. May import src/base.
import { invalid, required, type FieldError } from "../../base/field-error.ts";
import { formatSelector, matchesLabels } from "../../base/labels.ts";
import { containerCells, readSelector, validateSelectorUpdate, warnOfName } from "../apps/selected-template.ts";
import { humanAge, humanDuration } from "../duration.ts";
import type { Cell, Strategy } from "../kind.ts";
import { carry, columns, defineKind, objectSubresource, statusStrategy } from "../meta/define-kind.ts";
import { semanticEqual } from "../meta/equality.ts";
import { printGoStruct } from "../meta/go-struct.ts";
import { hasInvalidLabelValue, printLabelMap, printSelector, validateLabelSelector } from "../meta/label-selector.ts";
import { isDNS1123Label } from "../meta/names.ts";
import { immutableMessage, validateImmutable } from "../meta/object-meta.ts";
import type { Draft } from "../object.ts";
import { internalSpec } from "../pod/internal-form.ts";
import type { Job, JobSpec } from "../types/batch-v1.gen.ts";
import type { Container, PodSpec, PodTemplateSpec } from "../types/core-v1.gen.ts";
import {
  defaultJobParts,
  failurePolicyStruct,
  successPolicyStruct,
  validateJobSpecBody,
  warnOfJobSpec,
} from "./job-spec.ts";
import { isJobConditionTrue, validateJobStatusUpdate } from "./job-status.ts";

const emptySpec = {} as JobSpec;
const uidLabel = "batch.kubernetes.io/controller-uid";
const nameLabel = "batch.kubernetes.io/job-name";
const oldUidLabel = "controller-uid";
const oldNameLabel = "job-name";

function checkLabel(labels: Readonly<Record<string, string>>, key: string, expected: string): FieldError[] {
  const field = `spec.template.metadata.labels[${key}]`;
  const detail = `must be '${expected}'`;
  if (!Object.hasOwn(labels, key)) return [required(field, detail)];
  return labels[key] === expected ? [] : [invalid(field, printLabelMap(labels), detail)];
}

function validateGenerated({ metadata, spec = emptySpec }: Job, prefixed: boolean): FieldError[] {
  if (spec.manualSelector === true || !spec.selector) return [];
  const { uid = "", name } = metadata;
  const labels = spec.template?.metadata?.labels ?? {};
  const errors = uid === "" ? [required("metadata.uid")] : [];
  const pairs: [string, string][] = [
    [oldUidLabel, uid],
    [oldNameLabel, name],
    ...(prefixed
      ? ([
          [uidLabel, uid],
          [nameLabel, name],
        ] as [string, string][])
      : []),
  ];
  for (const [key, value] of pairs) errors.push(...checkLabel(labels, key, value));
  const matcher = readSelector(spec.selector);
  if (matcher && !matchesLabels(matcher, Object.fromEntries(pairs))) {
    errors.push(invalid("spec.selector", printSelector(spec.selector), "`selector` not auto-generated"));
  }
  return errors;
}

function validateJobSpec(spec: JobSpec, old?: JobSpec): FieldError[] {
  const errors = validateJobSpecBody(spec, "spec", old?.template);
  const allowInvalidValues = hasInvalidLabelValue(old?.selector);
  if (!spec.selector) errors.push(required("spec.selector"));
  else errors.push(...validateLabelSelector(spec.selector, "spec.selector", { allowInvalidValues }));
  const matcher = readSelector(spec.selector);
  const labels = spec.template?.metadata?.labels;
  if (matcher && !matchesLabels(matcher, labels)) {
    const detail = "`selector` does not match template `labels`";
    errors.push(invalid("spec.template.metadata.labels", printLabelMap(labels), detail));
  }
  return errors;
}

function validateJob(job: Job, old?: Job): FieldError[] {
  const { metadata, spec = emptySpec } = job;
  const oldLabels = old?.spec?.template?.metadata?.labels ?? {};
  const prefixed = !old || (Object.hasOwn(oldLabels, uidLabel) && Object.hasOwn(oldLabels, nameLabel));
  const errors = [...validateGenerated(job, prefixed), ...validateJobSpec(spec, old?.spec)];
  if (spec.completionMode === "Indexed" && (spec.completions ?? 0) > 0) {
    const host = `${metadata.name}-${spec.completions! - 1}`;
    if (isDNS1123Label(host).length > 0) {
      const detail = `will not able to create pod with invalid DNS label: ${host}`;
      errors.push(invalid("metadata.name", metadata.name, detail));
    }
  }
  return errors;
}

/** A suspended job that has nothing running may still be told where its pods go, and what they need. */
function isTemplateOpen({ spec, status }: Job): boolean {
  const idle = !status?.startTime || isJobConditionTrue(status, "Suspended");
  return spec?.suspend === true && idle && (status?.active ?? 0) === 0;
}

function withDirectives(template: PodTemplateSpec, old: PodTemplateSpec): PodTemplateSpec {
  const [now, before] = [template.spec ?? ({} as PodSpec), old.spec ?? ({} as PodSpec)];
  const nodeAffinity = now.affinity?.nodeAffinity;
  const { nodeAffinity: _, ...others } = before.affinity ?? {};
  const affinity = { ...others, ...(nodeAffinity ? { nodeAffinity } : {}) };
  const bare = Object.keys(affinity).length === 0;
  const { annotations, labels } = template.metadata ?? {};
  return {
    metadata: { ...old.metadata, annotations, labels } as never,
    spec: {
      ...before,
      affinity: bare && !(now.affinity && before.affinity) && !now.affinity ? undefined : affinity,
      nodeSelector: now.nodeSelector,
      tolerations: now.tolerations,
      schedulingGates: now.schedulingGates,
    } as PodSpec,
  };
}

function withResources(spec: PodSpec, old: PodSpec): PodSpec {
  const take = (now: readonly Container[] = [], before: readonly Container[] = []): readonly Container[] =>
    now.length === before.length
      ? before.map((one, index) =>
          one.name === now[index]!.name ? ({ ...one, resources: now[index]!.resources } as Container) : one,
        )
      : before;
  const initContainers = take(spec.initContainers, old.initContainers);
  return {
    ...old,
    containers: take(spec.containers, old.containers),
    ...(initContainers.length > 0 ? { initContainers } : {}),
  };
}

function validateTemplateUpdate(job: Job, old: Job): FieldError[] {
  const template = job.spec?.template ?? {};
  const open = isTemplateOpen(old);
  const before = open ? withDirectives(template, old.spec?.template ?? {}) : (old.spec?.template ?? {});
  if (!open) {
    if (semanticEqual(template, before)) return [];
    const printed = { ...template.metadata, Spec: internalSpec(template.spec ?? ({} as PodSpec)) };
    return [invalid("spec.template", printed, immutableMessage)];
  }
  const [now, then] = [template.spec ?? ({} as PodSpec), before.spec ?? ({} as PodSpec)];
  if (semanticEqual(now, withResources(now, then))) return [];
  return [invalid("spec.template.spec", internalSpec(now), immutableMessage)];
}

function validateCompletions(spec: JobSpec, old: JobSpec): FieldError[] {
  const { completions } = spec;
  if (spec.completionMode !== "Indexed") return validateImmutable(completions, old.completions, "spec.completions");
  if (completions === old.completions || completions === undefined || completions === spec.parallelism) return [];
  return [invalid("spec.completions", completions, "can only be modified in tandem with spec.parallelism")];
}

function validateUpdate(job: Job, old: Job): FieldError[] {
  const [spec, before] = [job.spec ?? emptySpec, old.spec ?? emptySpec];
  const fixed = (name: "completionMode" | "backoffLimitPerIndex" | "managedBy"): FieldError[] =>
    validateImmutable(spec[name], before[name], `spec.${name}`);
  const policy = (name: "podFailurePolicy" | "successPolicy", struct: typeof failurePolicyStruct): FieldError[] => {
    if (semanticEqual(spec[name], before[name])) return [];
    const printed = spec[name] ? printGoStruct(spec[name], struct) : null;
    return [invalid(`spec.${name}`, printed, immutableMessage)];
  };
  return [
    ...validateJob(job, old),
    // Upstream looks at the spec twice.
    ...validateJobSpec(spec, before),
    ...validateCompletions(spec, before),
    ...validateSelectorUpdate(spec.selector, before.selector),
    ...validateTemplateUpdate(job, old),
    ...fixed("completionMode"),
    ...policy("podFailurePolicy", failurePolicyStruct),
    ...fixed("backoffLimitPerIndex"),
    ...fixed("managedBy"),
    ...policy("successPolicy", successPolicyStruct),
  ];
}

/** Labels that set this job's pods apart from those of any other, and the selector of them. */
function generateSelector(draft: Draft<Job>): void {
  const { uid = "", name = "" } = draft.metadata ?? {};
  const spec = draft.spec!;
  const template = (spec.template ??= {});
  const labels: Record<string, string> = { ...(template.metadata?.labels as Record<string, string> | undefined) };
  for (const key of [oldNameLabel, nameLabel]) if (!Object.hasOwn(labels, key)) labels[key] = name;
  for (const key of [oldUidLabel, uidLabel]) if (!Object.hasOwn(labels, key)) labels[key] = uid;
  template.metadata = { ...template.metadata, labels };
  const matchLabels: Record<string, string> = {
    ...(spec.selector?.matchLabels as Record<string, string> | undefined),
  };
  if (!Object.hasOwn(matchLabels, uidLabel)) matchLabels[uidLabel] = uid;
  spec.selector = { ...spec.selector, matchLabels };
}

export const defaultJob = (draft: Draft<Job>): void => {
  const spec = (draft.spec ??= {});
  defaultJobParts(spec);
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2_147_483_647;
  const labels = spec.template?.metadata?.labels as Record<string, string> | undefined;
  if (labels && Object.keys(draft.metadata?.labels ?? {}).length === 0) {
    (draft.metadata ??= {}).labels = { ...labels };
  }
  spec.completionMode ??= "NonIndexed";
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? "Failed" : "TerminatingOrFailed";
  spec.manualSelector ??= false;
};

const strategy: Strategy<Job> = {
  allowUnconditionalUpdate: true,
  metadataChecks: { updateAsCreate: 1 },
  validateOnUpdate: false,
  resetFields: [["status"]],
  generationOf: ({ spec }) => spec,
  default: defaultJob,
  prepareForCreate(draft) {
    if (draft.spec?.manualSelector !== true) generateSelector(draft);
    draft.status = {};
  },
  prepareForUpdate: (draft, old) => carry(draft, old, "status"),
  // A job without labels has those of its template, the generated ones included.
  canonicalize: defaultJob,
  validate: (job) => validateJob(job),
  validateUpdate,
  warnings({ metadata, spec = emptySpec }, old) {
    if (old && semanticEqual(spec, old.spec)) return [];
    return [...(old ? [] : warnOfName(metadata.name)), ...warnOfJobSpec(spec, "spec")];
  },
};

const status = statusStrategy(strategy, ["spec"], { validateUpdate: validateJobStatusUpdate });

const states = [
  ["Complete", "Complete"],
  ["Failed", "Failed"],
  ["", "Terminating"],
  ["Suspended", "Suspended"],
  ["FailureTarget", "FailureTarget"],
  ["SuccessCriteriaMet", "SuccessCriteriaMet"],
] as const;

function cells({ metadata, spec = emptySpec, status: now = {} }: Job, nowMs: number): Cell[] {
  const found = states.find(([type]) => (type ? isJobConditionTrue(now, type) : metadata.deletionTimestamp));
  const { completions, parallelism = 0 } = spec;
  const wanted = completions ?? (parallelism > 1 ? `1 of ${parallelism}` : 1);
  const start = now.startTime ? Date.parse(now.startTime) : undefined;
  const end = now.completionTime ? Date.parse(now.completionTime) : nowMs;
  return [
    metadata.name,
    found?.[1] ?? "Running",
    `${now.succeeded ?? 0}/${wanted}`,
    start === undefined ? "" : humanDuration(end - start),
    humanAge(metadata.creationTimestamp, nowMs),
    ...containerCells(spec.template?.spec?.containers),
    formatSelector(spec.selector),
  ];
}

export const job = defineKind<Job>({
  group: "batch",
  version: "v1",
  kind: "Job",
  plural: "jobs",
  categories: ["all"],
  namespaced: true,
  definition: "batch.v1.Job",
  storageKey: "jobs",
  orphansByDefault: true,
  subresources: [objectSubresource("status", status)],
  columns: columns("Name:name", "Status", "Completions", "Duration", "Age", "Containers:+", "Images:+", "Selector:+"),
  cells,
  selectableFields: { "status.successful": (object) => String(object.status?.succeeded ?? 0) },
  strategy,
});
