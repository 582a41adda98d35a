// How autoscaling/v1 carries what only v2 has: metrics as JSON in annotations, each in an older form
// (k8s.io/kubernetes pkg/apis/autoscaling/v1/conversion.go). May import src/base.
import { isZeroQuantity, tryParseQuantity } from "../../base/quantity.ts";
import type {
  HorizontalPodAutoscalerBehavior,
  HPAScalingRules,
  MetricSpec,
  MetricStatus,
} from "../types/autoscaling-v2.gen.ts";

type Loose = Readonly<Record<string, any>>;

/** Leaves out what is undefined. */
const compact = (object: Loose): Loose =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

const reference = (object: Loose | undefined): Loose =>
  compact({ kind: object?.["kind"] ?? "", name: object?.["name"] ?? "", apiVersion: object?.["apiVersion"] });

/** One metric as v1 writes it. `amount` is "target" for a spec and "current" for a status. */
function metricToV1(metric: Loose, amount: "target" | "current"): Loose {
  const prefix = amount;
  const [value, average, utilization] = [`${prefix}Value`, `${prefix}AverageValue`, `${prefix}AverageUtilization`];
  // A status always has an amount, zero where there is none.
  const zero = amount === "current" ? "0" : undefined;
  const one = (source: Loose | undefined, convert: (source: Loose, amounts: Loose) => Loose): Loose | undefined =>
    source ? compact(convert(source, source[amount] ?? {})) : undefined;
  return compact({
    type: metric["type"] ?? "",
    object: one(metric["object"], (source, amounts) => ({
      target: reference(source["describedObject"]),
      metricName: source["metric"]?.name ?? "",
      [value]: amounts["value"] ?? "0",
      selector: source["metric"]?.selector,
      averageValue: amounts["averageValue"],
    })),
    pods: one(metric["pods"], (source, amounts) => ({
      metricName: source["metric"]?.name ?? "",
      [average]: amounts["averageValue"] ?? "0",
      selector: source["metric"]?.selector,
    })),
    resource: one(metric["resource"], (source, amounts) => ({
      name: source["name"] ?? "",
      [utilization]: amounts["averageUtilization"],
      [average]: amounts["averageValue"] ?? zero,
    })),
    containerResource: one(metric["containerResource"], (source, amounts) => ({
      name: source["name"] ?? "",
      [utilization]: amounts["averageUtilization"],
      [average]: amounts["averageValue"] ?? zero,
      container: source["container"] ?? "",
    })),
    external: one(metric["external"], (source, amounts) => ({
      metricName: source["metric"]?.name ?? "",
      metricSelector: source["metric"]?.selector,
      [value]: amounts["value"] ?? zero,
      [average]: amounts["averageValue"],
    })),
  });
}

export const metricSpecToV1 = (metric: MetricSpec): Loose => metricToV1(metric, "target");
export const metricStatusToV1 = (metric: MetricStatus): Loose => metricToV1(metric, "current");

const isZero = (value: unknown): boolean => {
  const quantity = typeof value === "string" ? tryParseQuantity(value) : undefined;
  return quantity === undefined || isZeroQuantity(quantity);
};

const identifier = (name: unknown, selector: unknown): Loose => compact({ name: name ?? "", selector });

function resourceTarget(source: Loose): Loose {
  const utilization = source["targetAverageUtilization"];
  return compact({
    type: utilization === undefined ? "AverageValue" : "Utilization",
    averageValue: source["targetAverageValue"],
    averageUtilization: utilization,
  });
}

export function metricSpecFromV1(metric: Loose): MetricSpec {
  const { object, pods, resource, containerResource, external } = metric;
  const averaged = object?.averageValue !== undefined;
  return compact({
    type: metric["type"] ?? "",
    object: object && {
      describedObject: reference(object.target),
      metric: identifier(object.metricName, object.selector),
      target: compact({
        type: averaged ? "AverageValue" : "Value",
        value: averaged && isZero(object.targetValue) ? undefined : (object.targetValue ?? "0"),
        averageValue: object.averageValue,
      }),
    },
    pods: pods && {
      metric: identifier(pods.metricName, pods.selector),
      target: { type: "AverageValue", averageValue: pods.targetAverageValue ?? "0" },
    },
    resource: resource && { name: resource.name ?? "", target: resourceTarget(resource) },
    containerResource: containerResource && {
      name: containerResource.name ?? "",
      target: resourceTarget(containerResource),
      container: containerResource.container ?? "",
    },
    external: external && {
      metric: identifier(external.metricName, external.metricSelector),
      target: compact({
        type: external.targetValue === undefined ? "AverageValue" : "Value",
        value: external.targetValue,
        averageValue: external.targetAverageValue,
      }),
    },
  }) as unknown as MetricSpec;
}

function resourceCurrent(source: Loose): Loose {
  return compact({
    averageUtilization: source["currentAverageUtilization"],
    averageValue: source["currentAverageValue"] ?? "0",
  });
}

export function metricStatusFromV1(metric: Loose): MetricStatus {
  const { object, pods, resource, containerResource, external } = metric;
  return compact({
    type: metric["type"] ?? "",
    object: object && {
      describedObject: reference(object.target),
      metric: identifier(object.metricName, object.selector),
      current: compact({ value: object.currentValue ?? "0", averageValue: object.averageValue }),
    },
    pods: pods && {
      metric: identifier(pods.metricName, pods.selector),
      current: { averageValue: pods.currentAverageValue ?? "0" },
    },
    resource: resource && { name: resource.name ?? "", current: resourceCurrent(resource) },
    containerResource: containerResource && {
      name: containerResource.name ?? "",
      current: resourceCurrent(containerResource),
      container: containerResource.container ?? "",
    },
    external: external && {
      metric: identifier(external.metricName, external.metricSelector),
      current: compact({ value: external.currentValue ?? "0", averageValue: external.currentAverageValue }),
    },
  }) as unknown as MetricStatus;
}

const rulesToText = (rules: HPAScalingRules | undefined): Loose | null =>
  rules
    ? {
        StabilizationWindowSeconds: rules.stabilizationWindowSeconds ?? null,
        SelectPolicy: rules.selectPolicy ?? null,
        Policies:
          rules.policies?.map(({ type, value, periodSeconds }) => ({
            Type: type ?? "",
            Value: value ?? 0,
            PeriodSeconds: periodSeconds ?? 0,
          })) ?? null,
        Tolerance: rules.tolerance ?? null,
      }
    : null;

/** The behaviour as upstream's internal type prints it. */
export const behaviorToText = (behavior: HorizontalPodAutoscalerBehavior): string =>
  JSON.stringify({ ScaleUp: rulesToText(behavior.scaleUp), ScaleDown: rulesToText(behavior.scaleDown) });

const lowerFirst = (name: string): string => name.slice(0, 1).toLowerCase() + name.slice(1);

function lowerKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, part]) => part !== null);
  return Object.fromEntries(entries.map(([key, part]) => [lowerFirst(key), lowerKeys(part)]));
}

/** Undefined where the text holds no behaviour. */
export function behaviorFromText(text: string): HorizontalPodAutoscalerBehavior | undefined {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const behavior = lowerKeys(value) as HorizontalPodAutoscalerBehavior;
  return behavior.scaleUp || behavior.scaleDown ? behavior : undefined;
}

/** What a text holds, or undefined where it isn't JSON: broken annotations are passed over. */
export function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
