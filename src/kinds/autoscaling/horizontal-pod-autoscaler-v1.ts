// HorizontalPodAutoscalers of autoscaling/v1: one metric as a field, the rest in annotations; stored as v2. May import
// src/base.
import { validateCounts } from "../apps/counts.ts";
import type { Strategy } from "../kind.ts";
import { carry, defineKind, objectSubresource, statusStrategy } from "../meta/define-kind.ts";
import type { Draft } from "../object.ts";
import type { HorizontalPodAutoscaler } from "../types/autoscaling-v1.gen.ts";
import type {
  HorizontalPodAutoscaler as Stored,
  HorizontalPodAutoscalerCondition,
  MetricSpec,
  MetricStatus,
} from "../types/autoscaling-v2.gen.ts";
import {
  autoscalerCells,
  autoscalerColumns,
  cpuMetric,
  dropRoundTrip,
  roundTripAnnotations as names,
  utilizationDefaultPercent,
  validateAutoscaler,
} from "./horizontal-pod-autoscaler.ts";
import * as old from "./metrics-v1.ts";

const withoutEmpty = <T extends object>(object: T): T =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;

const isCPU = ({ type, resource }: MetricSpec): boolean =>
  type === "Resource" && resource?.name === "cpu" && resource.target.averageUtilization !== undefined;

function readList<T>(text: string | undefined, convert: (item: Readonly<Record<string, never>>) => T): T[] | undefined {
  const value = old.parseJson(text);
  return Array.isArray(value) ? value.map((item) => convert((item ?? {}) as never)) : undefined;
}

export function toStoredAutoscaler(object: HorizontalPodAutoscaler): Stored {
  const { spec, status, metadata } = object;
  const annotations = metadata.annotations ?? {};
  const percent = spec?.targetCPUUtilizationPercentage;
  const cpu = percent === undefined ? [] : [cpuMetric(percent)];
  const others = readList(annotations[names.metrics], old.metricSpecFromV1);
  const metrics = others ? [...others, ...cpu] : cpu;
  const current = status?.currentCPUUtilizationPercentage;
  const ownMetrics: MetricStatus[] | undefined =
    current === undefined
      ? undefined
      : [{ type: "Resource", resource: { name: "cpu", current: { averageUtilization: current } } }];
  const behavior =
    annotations[names.behavior] === undefined ? undefined : old.behaviorFromText(annotations[names.behavior]!);
  const conditions = readList(
    annotations[names.conditions],
    (item) => item as never as HorizontalPodAutoscalerCondition,
  );
  const stored = {
    ...object,
    apiVersion: "autoscaling/v2",
    metadata: { ...metadata },
    spec: withoutEmpty({
      scaleTargetRef: spec?.scaleTargetRef,
      minReplicas: spec?.minReplicas,
      maxReplicas: spec?.maxReplicas,
      metrics: metrics.length > 0 ? metrics : [cpuMetric(utilizationDefaultPercent)],
      behavior,
    }),
    status: withoutEmpty({
      observedGeneration: status?.observedGeneration,
      lastScaleTime: status?.lastScaleTime,
      currentReplicas: status?.currentReplicas,
      desiredReplicas: status?.desiredReplicas,
      currentMetrics: readList(annotations[names.currentMetrics], old.metricStatusFromV1) ?? ownMetrics,
      conditions,
    }),
  };
  dropRoundTrip(stored as never);
  return stored as unknown as Stored;
}

export function fromStoredAutoscaler(stored: Stored): HorizontalPodAutoscaler {
  const { spec, status } = stored;
  const copy = { ...stored, metadata: { ...stored.metadata } };
  dropRoundTrip(copy as never);
  const annotations: Record<string, string> = { ...copy.metadata.annotations };
  const metrics = spec?.metrics ?? [];
  const others = metrics.filter((metric) => !isCPU(metric)).map(old.metricSpecToV1);
  const current = status?.currentMetrics ?? [];
  if (others.length > 0) annotations[names.metrics] = JSON.stringify(others);
  if (current.length > 0) annotations[names.currentMetrics] = JSON.stringify(current.map(old.metricStatusToV1));
  if (spec?.behavior) annotations[names.behavior] = old.behaviorToText(spec.behavior);
  if (status?.conditions?.length) {
    const conditions = status.conditions.map((one) => ({
      type: one.type,
      status: one.status,
      lastTransitionTime: one.lastTransitionTime ?? null,
      ...(one.reason ? { reason: one.reason } : {}),
      ...(one.message ? { message: one.message } : {}),
    }));
    annotations[names.conditions] = JSON.stringify(conditions);
  }
  const cpu = current.findLast(
    ({ type, resource }) =>
      type === "Resource" && resource?.name === "cpu" && resource.current.averageUtilization !== undefined,
  );
  const { annotations: _, ...metadata } = copy.metadata;
  return {
    ...copy,
    apiVersion: "autoscaling/v1",
    metadata: Object.keys(annotations).length > 0 ? { ...metadata, annotations } : metadata,
    spec: withoutEmpty({
      scaleTargetRef: spec?.scaleTargetRef,
      minReplicas: spec?.minReplicas,
      maxReplicas: spec?.maxReplicas,
      targetCPUUtilizationPercentage: metrics.find(isCPU)?.resource?.target.averageUtilization,
    }),
    status: withoutEmpty({
      observedGeneration: status?.observedGeneration,
      lastScaleTime: status?.lastScaleTime,
      currentReplicas: status?.currentReplicas,
      desiredReplicas: status?.desiredReplicas,
      currentCPUUtilizationPercentage: cpu?.resource?.current.averageUtilization,
    }),
  } as unknown as HorizontalPodAutoscaler;
}

// On its way through the stored form an autoscaler gets a metric if it has none, and loses annotations that can't be read.
function passThroughStored(draft: Draft<HorizontalPodAutoscaler>): void {
  const { metadata, spec } = fromStoredAutoscaler(toStoredAutoscaler(draft as HorizontalPodAutoscaler));
  Object.assign(draft, { metadata, spec });
}

const strategy: Strategy<HorizontalPodAutoscaler> = {
  allowUnconditionalUpdate: true,
  validateOnUpdate: false,
  resetFields: [["status"]],
  default(draft) {
    (draft.spec ??= {}).minReplicas ??= 1;
  },
  prepareForCreate(draft) {
    draft.status = { currentReplicas: 0, desiredReplicas: 0 };
    passThroughStored(draft);
  },
  prepareForUpdate(draft, before) {
    carry(draft, before, "status");
    passThroughStored(draft);
  },
  validate: (object) => validateAutoscaler(toStoredAutoscaler(object)),
  validateUpdate: (object, before) => validateAutoscaler(toStoredAutoscaler(object), toStoredAutoscaler(before)),
};

const status = statusStrategy(strategy, ["spec"], {
  validateUpdate: ({ status: now }) => validateCounts(now, ["currentReplicas", "desiredReplicas"], "status"),
});

export const horizontalPodAutoscalerV1 = defineKind<HorizontalPodAutoscaler>({
  group: "autoscaling",
  version: "v1",
  kind: "HorizontalPodAutoscaler",
  plural: "horizontalpodautoscalers",
  shortNames: ["hpa"],
  categories: ["all"],
  namespaced: true,
  definition: "autoscaling.v1.HorizontalPodAutoscaler",
  storageKey: "horizontalpodautoscalers",
  subresources: [objectSubresource("status", status)],
  columns: autoscalerColumns,
  cells: (object, nowMs) => autoscalerCells(toStoredAutoscaler(object), nowMs),
  strategy,
  storedAs: {
    group: "autoscaling",
    version: "v2",
    kind: "HorizontalPodAutoscaler",
    toStored: toStoredAutoscaler,
    fromStored: (object) => fromStoredAutoscaler(object as Stored),
  },
});
