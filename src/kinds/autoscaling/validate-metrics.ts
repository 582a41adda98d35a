// What the metrics and the behaviour of an autoscaler may be (k8s.io/kubernetes pkg/apis/autoscaling/validation). May
// import src/base.
import { forbidden, invalid, notSupported, required, type FieldError } from "../../base/field-error.ts";
import { parseQuantity, quantitySign } from "../../base/quantity.ts";
import { isDNS1123Label, isPathSegmentName } from "../meta/names.ts";
import { validateNonnegativeQuantity } from "../meta/quantity-rules.ts";
import { isStandardContainerResource } from "../pod/resource-names.ts";
import { validateResourceName } from "../pod/validation/resources.ts";
import type {
  ContainerResourceMetricSource,
  CrossVersionObjectReference,
  HorizontalPodAutoscalerBehavior,
  HPAScalingRules,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
} from "../types/autoscaling-v2.gen.ts";

const stabilizationWindowMaxSeconds = 3600;
const policyPeriodMaxSeconds = 1800;

export interface ReferenceOptions {
  readonly anyVersion: boolean;
  readonly emptyGroup: boolean;
}

/** What is wrong with an apiVersion; undefined: nothing. */
export function checkVersion(apiVersion: string, { anyVersion, emptyGroup }: ReferenceOptions): string | undefined {
  if (anyVersion) return undefined;
  const parts = apiVersion.split("/");
  if (parts.length > 2) return `unexpected GroupVersion string: ${apiVersion}`;
  return !emptyGroup && (parts.length < 2 || parts[0] === "") ? "apiVersion must specify API group" : undefined;
}

export function validateReference(
  reference: CrossVersionObjectReference | undefined,
  field: string,
  options: ReferenceOptions,
): FieldError[] {
  const { kind = "", name = "", apiVersion = "" } = reference ?? {};
  const segment = (value: string, at: string): FieldError[] =>
    value === "" ? [required(at)] : isPathSegmentName(value).map((message) => invalid(at, value, message));
  const wrong = checkVersion(apiVersion, options);
  return [
    ...segment(kind, `${field}.kind`),
    ...segment(name, `${field}.name`),
    ...(wrong === undefined ? [] : [invalid(`${field}.apiVersion`, apiVersion, wrong)]),
  ];
}

function validateTarget(target: MetricTarget | undefined, field: string): FieldError[] {
  const { type = "", value, averageValue, averageUtilization } = target ?? {};
  const errors: FieldError[] = [];
  if (type === "") errors.push(required(`${field}.type`, "must specify a metric target type"));
  if (!["Utilization", "Value", "AverageValue"].includes(type)) {
    errors.push(invalid(`${field}.type`, type, "must be either Utilization, Value, or AverageValue"));
  }
  for (const [name, amount] of [
    ["value", value],
    ["averageValue", averageValue],
  ] as const) {
    if (amount !== undefined && quantitySign(parseQuantity(amount)) !== 1) {
      errors.push(invalid(`${field}.${name}`, amount, "must be positive"));
    }
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.push(invalid(`${field}.averageUtilization`, averageUtilization, "must be greater than 0"));
  }
  return errors;
}

function validateIdentifier(metric: MetricIdentifier | undefined, field: string): FieldError[] {
  const name = metric?.name ?? "";
  const at = `${field}.name`;
  if (name === "") return [required(at, "must specify a metric name")];
  return isPathSegmentName(name).map((message) => invalid(at, name, message));
}

type Source = { readonly metric?: MetricIdentifier; readonly target?: MetricTarget };

const validateNamed = ({ metric, target }: Source, field: string): FieldError[] => [
  ...validateIdentifier(metric, `${field}.metric`),
  ...validateTarget(target, `${field}.target`),
];

function validateObjectSource(
  source: NonNullable<MetricSpec["object"]>,
  field: string,
  options: ReferenceOptions,
): FieldError[] {
  const errors = [
    ...validateReference(source.describedObject, `${field}.describedObject`, options),
    ...validateNamed(source, field),
  ];
  if (source.target?.value !== undefined || source.target?.averageValue !== undefined) return errors;
  return [...errors, required(`${field}.target.averageValue`, "must set either a target value or averageValue")];
}

function validateExternalSource(source: NonNullable<MetricSpec["external"]>, field: string): FieldError[] {
  const errors = validateNamed(source, field);
  const { value, averageValue } = source.target ?? {};
  if (value === undefined && averageValue === undefined) {
    const detail = "must set either a target value for metric or a per-pod target";
    errors.push(required(`${field}.target.averageValue`, detail));
  }
  if (value !== undefined && averageValue !== undefined) {
    const detail = "may not set both a target value for metric and a per-pod target";
    errors.push(forbidden(`${field}.target.value`, detail));
  }
  return errors;
}

function validateContainerResourceName(name: string, field: string): FieldError[] {
  const errors = validateResourceName(name, field);
  if (name.includes("/") || isStandardContainerResource(name)) return errors;
  return [...errors, invalid(field, name, "must be a standard resource for containers")];
}

function validateResourceTarget(source: { readonly target?: MetricTarget }, field: string): FieldError[] {
  const errors = validateTarget(source.target, `${field}.target`);
  const { averageUtilization, averageValue } = source.target ?? {};
  if (averageUtilization === undefined && averageValue === undefined) {
    const detail = "must set either a target raw value or a target utilization";
    errors.push(required(`${field}.target.averageUtilization`, detail));
  }
  if (averageUtilization !== undefined && averageValue !== undefined) {
    const detail = "may not set both a target raw value and a target utilization";
    errors.push(forbidden(`${field}.target.averageValue`, detail));
  }
  return errors;
}

function validateContainerResource(source: ContainerResourceMetricSource, field: string): FieldError[] {
  const { name = "", container = "" } = source;
  const at = `${field}.container`;
  return [
    ...(name === ""
      ? [required(`${field}.name`, "must specify a resource name")]
      : validateContainerResourceName(name, `${field}.name`)),
    ...(container === ""
      ? [required(at, "must specify a container")]
      : isDNS1123Label(container).map((message) => invalid(at, container, message))),
    ...validateResourceTarget(source, field),
  ];
}

/** In the order in which upstream looks at them; only the first one is looked into. */
const sourceFields = ["object", "external", "pods", "resource", "containerResource"] as const;
const fieldOfType: Readonly<Record<string, (typeof sourceFields)[number]>> = {
  Object: "object",
  Pods: "pods",
  Resource: "resource",
  External: "external",
  ContainerResource: "containerResource",
};
const metricTypes = ["ContainerResource", "External", "Object", "Pods", "Resource"];

function validateSource(
  spec: MetricSpec,
  name: (typeof sourceFields)[number],
  at: string,
  options: ReferenceOptions,
): FieldError[] {
  switch (name) {
    case "object":
      return validateObjectSource(spec.object!, at, options);
    case "external":
      return validateExternalSource(spec.external!, at);
    case "pods": {
      const errors = validateNamed(spec.pods!, at);
      if (spec.pods!.target?.averageValue !== undefined) return errors;
      return [...errors, required(`${at}.target.averageValue`, "must specify a positive target averageValue")];
    }
    case "resource": {
      const named = spec.resource!.name ? [] : [required(`${at}.name`, "must specify a resource name")];
      return [...named, ...validateResourceTarget(spec.resource!, at)];
    }
    case "containerResource":
      return validateContainerResource(spec.containerResource!, at);
  }
}

function validateMetric(spec: MetricSpec, field: string, options: ReferenceOptions): FieldError[] {
  const type: string = spec.type ?? "";
  const errors: FieldError[] = [];
  if (type === "") errors.push(required(`${field}.type`, "must specify a metric source type"));
  const unknown = notSupported(`${field}.type`, type, metricTypes);
  if (!metricTypes.includes(type)) errors.push(unknown);
  const present = sourceFields.filter((name) => spec[name]);
  if (present[0]) errors.push(...validateSource(spec, present[0], `${field}.${present[0]}`, options));
  const expected = Object.hasOwn(fieldOfType, type) ? fieldOfType[type] : undefined;
  if (expected === undefined) errors.push(unknown);
  else if (!spec[expected]) {
    errors.push(required(`${field}.${expected}`, "must populate information for the given metric source"));
  }
  if (present.length === 1) return errors;
  const others = present.filter((name) => name !== expected);
  return [
    ...errors,
    ...others.map((name) => forbidden(`${field}.${name}`, "must populate the given metric source only")),
  ];
}

export function validateMetrics(
  metrics: readonly MetricSpec[] | undefined,
  minReplicas: number | undefined,
  options: ReferenceOptions,
): FieldError[] {
  const list = metrics ?? [];
  const errors = list.flatMap((one, index) => validateMetric(one, `spec.metrics[${index}]`, options));
  if (minReplicas !== 0 || list.some(({ type }) => type === "Object" || type === "External")) return errors;
  const detail = "must specify at least one Object or External metric to support scaling to zero replicas";
  return [...errors, forbidden("spec.metrics", detail)];
}

function validateRules(rules: HPAScalingRules | undefined, field: string): FieldError[] {
  if (!rules) return [];
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance } = rules;
  const errors: FieldError[] = [];
  const at = `${field}.stabilizationWindowSeconds`;
  if (window !== undefined && window < 0) errors.push(invalid(at, window, "must be greater than or equal to zero"));
  if (window !== undefined && window > stabilizationWindowMaxSeconds) {
    errors.push(invalid(at, window, `must be less than or equal to ${stabilizationWindowMaxSeconds}`));
  }
  const choices = ["Disabled", "Max", "Min"];
  if (selectPolicy !== undefined && !choices.includes(selectPolicy)) {
    errors.push(notSupported(`${field}.selectPolicy`, selectPolicy, choices));
  }
  if (policies.length === 0) errors.push(required(`${field}.policies`, "must specify at least one Policy"));
  for (const [index, { type = "", value = 0, periodSeconds = 0 }] of policies.entries()) {
    const path = `${field}.policies[${index}]`;
    if (type !== "Pods" && type !== "Percent") {
      errors.push(notSupported(`${path}.type`, type, ["Percent", "Pods"]));
    }
    if (value <= 0) errors.push(invalid(`${path}.value`, value, "must be greater than zero"));
    const period = `${path}.periodSeconds`;
    if (periodSeconds <= 0) errors.push(invalid(period, periodSeconds, "must be greater than zero"));
    if (periodSeconds > policyPeriodMaxSeconds) {
      errors.push(invalid(period, periodSeconds, `must be less than or equal to ${policyPeriodMaxSeconds}`));
    }
  }
  if (tolerance === undefined) return errors;
  return [...errors, ...validateNonnegativeQuantity(tolerance, `${field}.tolerance`)];
}

export function validateBehavior(behavior: HorizontalPodAutoscalerBehavior | undefined): FieldError[] {
  return [
    ...validateRules(behavior?.scaleUp, "spec.behavior.scaleUp"),
    ...validateRules(behavior?.scaleDown, "spec.behavior.scaleDown"),
  ];
}
