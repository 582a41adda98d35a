// What the workloads have in common: a selector that must match the labels of a template of pods. May import src/base.
import { forbidden, invalid, notSupported, required, type FieldError } from "../../base/field-error.ts";
import { isEverything, matcherOfSelector, matchesLabels, nothing, type LabelMatcher } from "../../base/labels.ts";
import { semanticEqual } from "../meta/equality.ts";
import { isEmptySelector, printLabelMap, printSelector, validateLabelSelector } from "../meta/label-selector.ts";
import { isDNS1123Label } from "../meta/names.ts";
import { immutableMessage } from "../meta/object-meta.ts";
import { validatePodTemplateSpec } from "../pod/validation/spec.ts";
import type { Container, PodTemplateSpec } from "../types/core-v1.gen.ts";
import type { LabelSelector } from "../types/meta-v1.gen.ts";

/** What a selector selects; undefined where it can't be read. */
export function readSelector(selector: LabelSelector | undefined): LabelMatcher | undefined {
  if (!selector) return nothing;
  try {
    return matcherOfSelector(selector);
  } catch {
    return undefined;
  }
}

/** A selector that must be there and select something; `workload` is how upstream calls what it belongs to. */
export function validateWorkloadSelector(
  selector: LabelSelector | undefined,
  field: string,
  workload: string,
): FieldError[] {
  if (!selector) return [required(field)];
  const errors = validateLabelSelector(selector, field);
  if (!isEmptySelector(selector)) return errors;
  return [...errors, invalid(field, printSelector(selector), `empty selector is invalid for ${workload}`)];
}

const mismatch = "`selector` does not match template `labels`";

export function validateMatch(
  matcher: LabelMatcher,
  template: PodTemplateSpec | undefined,
  field: string,
): FieldError[] {
  const labels = template?.metadata?.labels;
  if (isEverything(matcher) || matchesLabels(matcher, labels)) return [];
  return [invalid(`${field}.metadata.labels`, printLabelMap(labels), mismatch)];
}

/** Workloads whose pods always run again. */
export function validateAlwaysRestarts(
  template: PodTemplateSpec | undefined,
  field: string,
  workload: string,
): FieldError[] {
  const { restartPolicy = "", activeDeadlineSeconds } = template?.spec ?? {};
  const errors: FieldError[] = [];
  if (restartPolicy !== "Always") {
    errors.push(notSupported(`${field}.spec.restartPolicy`, restartPolicy, ["Always"]));
  }
  if (activeDeadlineSeconds !== undefined) {
    const detail = `activeDeadlineSeconds in ${workload} is not Supported`;
    errors.push(forbidden(`${field}.spec.activeDeadlineSeconds`, detail));
  }
  return errors;
}

/** The template of a ReplicaSet or of a Deployment. */
export function validateReplicaTemplate(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec | undefined,
  old: PodTemplateSpec | undefined,
): FieldError[] {
  const matcher = readSelector(selector);
  if (!matcher) return [invalid("spec.selector", printSelector(selector), "invalid label selector")];
  const field = "spec.template";
  return [
    ...validateMatch(matcher, template, field),
    ...validatePodTemplateSpec(template, field, old),
    ...validateAlwaysRestarts(template, field, "ReplicaSet"),
  ];
}

export function validateSelectorUpdate(
  selector: LabelSelector | undefined,
  old: LabelSelector | undefined,
): FieldError[] {
  return semanticEqual(selector, old) ? [] : [invalid("spec.selector", printSelector(selector), immutableMessage)];
}

/** Names become parts of pods' names, and these become hosts' names. */
export function warnOfName(name: string): string[] {
  const wrong = isDNS1123Label(name);
  if (wrong.length === 0) return [];
  const detail =
    "this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended";
  return [`metadata.name: ${detail}: [${wrong.join(" ")}]`];
}

/** Cells: the containers' names and their images. */
export function containerCells(containers: readonly Container[] | undefined): [string, string] {
  const list = containers ?? [];
  return [list.map(({ name }) => name).join(","), list.map(({ image }) => image ?? "").join(",")];
}
