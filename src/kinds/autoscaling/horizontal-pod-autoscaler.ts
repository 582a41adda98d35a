// HorizontalPodAutoscalers of autoscaling/v2, the form that is stored. May import src/base.
import { invalid, required, type FieldError } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Cell, Strategy } from "../kind.ts";
import { validateCounts } from "../apps/counts.ts";
import { carry, columns, defineKind, objectSubresource, statusStrategy } from "../meta/define-kind.ts";
import type { Draft } from "../object.ts";
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpec,
  HPAScalingRules,
  MetricSpec,
  MetricStatus,
} from "../types/autoscaling-v2.gen.ts";
import { checkVersion, validateBehavior, validateMetrics, validateReference } from "./validate-metrics.ts";

/** What a pod's CPU should be at, in percent of its request, where nothing else is asked for. */
export const utilizationDefaultPercent = 80;

/** Annotations in which autoscaling/v1 carries what it has no fields for. */
export const roundTripAnnotations = {
  metrics: "autoscaling.alpha.kubernetes.io/metrics",
  behavior: "autoscaling.alpha.kubernetes.io/behavior",
  currentMetrics: "autoscaling.alpha.kubernetes.io/current-metrics",
  conditions: "autoscaling.alpha.kubernetes.io/conditions",
  scaleDownTolerance: "autoscaling.alpha.kubernetes.io/scale-down-tolerance",
  scaleUpTolerance: "autoscaling.alpha.kubernetes.io/scale-up-tolerance",
} as const;

export const cpuMetric = (percent: number): MetricSpec => ({
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization: percent } },
});

const scaleUpDefault: HPAScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: "Max",
  policies: [
    { type: "Pods", value: 4, periodSeconds: 15 },
    { type: "Percent", value: 100, periodSeconds: 15 },
  ],
};
const scaleDownDefault: HPAScalingRules = {
  selectPolicy: "Max",
  policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
};

const complete = (rules: Draft<HPAScalingRules> | undefined, fallback: HPAScalingRules): Draft<HPAScalingRules> =>
  ({ ...structuredClone(fallback), ...rules }) as Draft<HPAScalingRules>;

const emptySpec = {} as HorizontalPodAutoscalerSpec;

/** The rules of both versions, in v2's form. */
export function validateAutoscaler(
  { spec = emptySpec }: HorizontalPodAutoscaler,
  old?: HorizontalPodAutoscaler,
): FieldError[] {
  const { minReplicas, maxReplicas = 0, scaleTargetRef } = spec;
  const lowest = old?.spec?.minReplicas === 0 ? 0 : 1;
  const errors: FieldError[] = [];
  if (minReplicas !== undefined && minReplicas < lowest) {
    errors.push(invalid("spec.minReplicas", minReplicas, `must be greater than or equal to ${lowest}`));
  }
  if (maxReplicas === 0) errors.push(required("spec.maxReplicas", "must be set and greater than 0"));
  if (maxReplicas < 0) errors.push(invalid("spec.maxReplicas", maxReplicas, "must be greater than or equal to 1"));
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    errors.push(invalid("spec.maxReplicas", maxReplicas, "must be greater than or equal to `minReplicas`"));
  }
  const before = old?.spec?.scaleTargetRef;
  const anyVersion =
    before !== undefined &&
    before.kind === scaleTargetRef?.kind &&
    (before.apiVersion ?? "") === (scaleTargetRef?.apiVersion ?? "");
  const emptyGroup = !anyVersion && scaleTargetRef?.kind === "ReplicationController";
  const objects = { anyVersion: false, emptyGroup: true };
  const wrongBefore = (old?.spec?.metrics ?? []).some(
    ({ object }) => object && checkVersion(object.describedObject.apiVersion ?? "", objects) !== undefined,
  );
  return [
    ...errors,
    ...validateReference(scaleTargetRef, "spec.scaleTargetRef", { anyVersion, emptyGroup }),
    ...validateMetrics(spec.metrics, minReplicas, { ...objects, anyVersion: wrongBefore }),
    ...validateBehavior(spec.behavior),
  ];
}

export function dropRoundTrip(draft: Draft<HorizontalPodAutoscaler>): void {
  const annotations = draft.metadata?.annotations as Record<string, string> | undefined;
  const names: readonly string[] = Object.values(roundTripAnnotations);
  if (!annotations || !names.some((name) => Object.hasOwn(annotations, name))) return;
  const kept = Object.entries(annotations).filter(([name]) => !names.includes(name));
  if (kept.length > 0) draft.metadata!.annotations = Object.fromEntries(kept);
  else delete draft.metadata!.annotations;
}

const strategy: Strategy<HorizontalPodAutoscaler> = {
  allowUnconditionalUpdate: true,
  validateOnUpdate: false,
  resetFields: [["status"]],
  default(draft) {
    const spec = (draft.spec ??= {});
    spec.minReplicas ??= 1;
    if (!spec.metrics?.length) spec.metrics = [cpuMetric(utilizationDefaultPercent) as Draft<MetricSpec>];
    if (spec.behavior) {
      spec.behavior.scaleUp = complete(spec.behavior.scaleUp, scaleUpDefault);
      spec.behavior.scaleDown = complete(spec.behavior.scaleDown, scaleDownDefault);
    }
    dropRoundTrip(draft);
  },
  prepareForCreate(draft) {
    draft.status = { desiredReplicas: 0 };
  },
  prepareForUpdate: (draft, old) => carry(draft, old, "status"),
  validate: (object) => validateAutoscaler(object),
  validateUpdate: (object, old) => validateAutoscaler(object, old),
};

const status = statusStrategy(strategy, ["spec"], {
  validateUpdate: ({ status: now }) => validateCounts(now, ["currentReplicas", "desiredReplicas"], "status"),
});

const unknown = "<unknown>";

function printMetric(spec: MetricSpec, status: MetricStatus | undefined): string {
  const { external, pods, object, resource, containerResource } = spec;
  const percent = (value: number | undefined, otherwise: string): string =>
    value === undefined ? otherwise : `${value}%`;
  const named = (
    source: NonNullable<MetricSpec["resource"]>,
    current: { readonly averageUtilization?: number; readonly averageValue?: string } | undefined,
  ): string => {
    const { averageValue, averageUtilization } = source.target;
    if (averageValue !== undefined) return `${source.name}: ${current?.averageValue ?? unknown}/${averageValue}`;
    const target = percent(averageUtilization, "<auto>");
    return `${source.name}: ${percent(current?.averageUtilization, unknown)}/${target}`;
  };
  if (spec.type === "External" || spec.type === "Object") {
    const target = (external ?? object)?.target;
    const current = spec.type === "External" ? status?.external?.current : status?.object?.current;
    if (target?.averageValue !== undefined) return `${current?.averageValue ?? unknown}/${target.averageValue} (avg)`;
    return `${current?.value ?? unknown}/${target?.value ?? ""}`;
  }
  if (spec.type === "Pods") {
    return `${status?.pods?.current.averageValue ?? unknown}/${pods?.target.averageValue ?? ""}`;
  }
  if (spec.type === "Resource" && resource) return named(resource, status?.resource?.current);
  if (spec.type === "ContainerResource" && containerResource) {
    return named(containerResource, status?.containerResource?.current);
  }
  return "<unknown type>";
}

function printMetrics({ spec, status: now }: HorizontalPodAutoscaler): string {
  const metrics = spec?.metrics ?? [];
  if (metrics.length === 0) return "<none>";
  const list = metrics.map((metric, index) => printMetric(metric, now?.currentMetrics?.[index]));
  const shown = list.slice(0, 2).join(", ");
  return list.length > 2 ? `${shown} + ${list.length - 2} more...` : shown;
}

export function autoscalerCells(object: HorizontalPodAutoscaler, nowMs: number): Cell[] {
  const { metadata, spec, status: now } = object;
  return [
    metadata.name,
    `${spec?.scaleTargetRef?.kind ?? ""}/${spec?.scaleTargetRef?.name ?? ""}`,
    printMetrics(object),
    spec?.minReplicas === undefined ? "<unset>" : String(spec.minReplicas),
    spec?.maxReplicas ?? 0,
    now?.currentReplicas ?? 0,
    humanAge(metadata.creationTimestamp, nowMs),
  ];
}

export const autoscalerColumns = columns("Name:name", "Reference", "Targets", "MinPods", "MaxPods", "Replicas", "Age");

export const horizontalPodAutoscaler = defineKind<HorizontalPodAutoscaler>({
  group: "autoscaling",
  version: "v2",
  kind: "HorizontalPodAutoscaler",
  plural: "horizontalpodautoscalers",
  shortNames: ["hpa"],
  categories: ["all"],
  namespaced: true,
  definition: "autoscaling.v2.HorizontalPodAutoscaler",
  storageKey: "horizontalpodautoscalers",
  subresources: [objectSubresource("status", status)],
  columns: autoscalerColumns,
  cells: autoscalerCells,
  strategy,
});
