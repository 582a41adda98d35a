// Creates and deletes a Job's pods while it goes on. Upstream: manageJob in pkg/controller/job. May import src/base,
// src/kinds, src/client.
import { job as jobKind } from "../../kinds/batch/job.ts";
import { pod as podKind } from "../../kinds/core/pod.ts";
import type { Kind } from "../../kinds/kind.ts";
import type { Draft } from "../../kinds/object.ts";
import { isPodReady, isPodTerminating } from "../../kinds/pod/conditions.ts";
import type { Container, Pod, PodTemplateSpec } from "../../kinds/types/core-v1.gen.ts";
import type { Change, Refused } from "../controller.ts";
import { choosePodsToDelete } from "../replication/deletion-order.ts";
import { createPod, deletePod, podFromTemplate } from "../replication/pod-control.ts";
import { readyAtMs } from "./backoff.ts";
import { firstMissing, mergeIntervals, withIndexes } from "./intervals.ts";
import {
  allFailures,
  failureCountAnnotation,
  finishedAtMs,
  ignoredCountAnnotation,
  indexAnnotation,
  indexFailures,
  indexOf,
  isIndexed,
  isSuspended,
  isTracked,
  limitsIndexes,
  replacesOnlyFailed,
  trackingFinalizer,
  validIndex,
} from "./job-pod.ts";
import { judgeFailure } from "./policies.ts";
import type { Situation } from "./situation.ts";

/** Pods that one attempt creates or deletes at most. Upstream: MaxPodCreateDeletePerSync. */
const podsMax = 500;
/** Letters before the five that the server adds. Upstream: names.MaxGeneratedNameLength. */
const generatedPrefixMax = 58;
const indexVariable = "JOB_COMPLETION_INDEX";
export const anyJob = jobKind as unknown as Kind;

export interface Managed {
  readonly changes: readonly Change[];
  readonly active: number;
  readonly ready: number;
  readonly terminating: number;
  readonly requeueAtMs?: number;
}

export function removeFinalizer({ metadata }: Pod): Change {
  return {
    do: "patch",
    kind: podKind as unknown as Kind,
    name: metadata.name,
    namespace: metadata.namespace,
    patch: { metadata: { "$deleteFromPrimitiveList/finalizers": [trackingFinalizer] } },
    options: { type: "strategic" },
    refused: ({ code }) => (code === 404 ? { changes: [], next: "continue" } : undefined),
  };
}

/** Of pods with one index the one that is furthest stays; those of no index of the Job go. */
function findDuplicates({ job, active, nowMs }: Situation): Pod[] {
  if (!isIndexed(job)) return [];
  const byIndex = new Map<number, Pod[]>();
  const strangers: Pod[] = [];
  for (const pod of active) {
    const index = validIndex(pod, job);
    if (index === undefined) strangers.push(pod);
    else byIndex.set(index, [...(byIndex.get(index) ?? []), pod]);
  }
  const doubles = [...byIndex.values()].filter(({ length }) => length > 1);
  return [...strangers, ...doubles.flatMap((pods) => choosePodsToDelete(pods, [], pods.length - 1, nowMs))];
}

function choosePods(situation: Situation, least: number): readonly Pod[] {
  const duplicates = findDuplicates(situation);
  const others = situation.active.filter((pod) => !duplicates.includes(pod));
  const more = Math.max(0, least - duplicates.length);
  return [...duplicates, ...choosePodsToDelete(others, [], more, situation.nowMs)];
}

function remove(situation: Situation, pods: readonly Pod[], refused: () => Refused): Managed {
  const { job, active, ready, terminating } = situation;
  const changes = pods.flatMap((pod) => [
    ...(isTracked(pod) ? [removeFinalizer(pod)] : []),
    ...deletePod(job, pod, { refused }),
  ]);
  return {
    changes,
    active: active.length - pods.length,
    ready: ready - pods.filter(isPodReady).length,
    terminating: terminating + pods.length,
  };
}

const variable = {
  name: indexVariable,
  valueFrom: { fieldRef: { fieldPath: `metadata.labels['${indexAnnotation}']` } },
};
const withVariable = (containers: readonly Container[] | undefined): Container[] =>
  (containers ?? []).map((container) =>
    container.env?.some(({ name }) => name === indexVariable)
      ? container
      : ({ ...container, env: [...(container.env ?? []), variable] } as Container),
  );

function failureAnnotations({ job, lastFailed }: Situation, index: number): Record<string, string> {
  if (!limitsIndexes(job)) return {};
  const before = lastFailed.get(index);
  const { counted, ignored } = before ? indexFailures(before) : { counted: 0, ignored: 0 };
  const counts = before !== undefined && judgeFailure(job, before).counts;
  const nextIgnored = ignored + Number(before !== undefined && !counts);
  return {
    [failureCountAnnotation]: String(counted + Number(counts)),
    ...(nextIgnored > 0 ? { [ignoredCountAnnotation]: String(nextIgnored) } : {}),
  };
}

function draftPod(situation: Situation, index: number | undefined): Draft<Pod> {
  const { job } = situation;
  const { metadata, spec } = job.spec!.template;
  const finalizers = [...new Set([...(metadata?.finalizers ?? []), trackingFinalizer])];
  const base = { metadata: { ...metadata, finalizers }, spec };
  if (index === undefined) return podFromTemplate(anyJob, job, base as unknown as PodTemplateSpec);
  const bearsIndex = { [indexAnnotation]: String(index) };
  const template = {
    metadata: {
      ...base.metadata,
      labels: { ...metadata?.labels, ...bearsIndex },
      annotations: { ...metadata?.annotations, ...bearsIndex, ...failureAnnotations(situation, index) },
    },
    spec: {
      ...spec,
      ...(spec?.initContainers ? { initContainers: withVariable(spec.initContainers) } : {}),
      containers: withVariable(spec?.containers),
      hostname: `${job.metadata.name}-${index}`,
    },
  };
  const pod = podFromTemplate(anyJob, job, template as unknown as PodTemplateSpec);
  const end = `-${index}-`;
  const generateName = job.metadata.name.slice(0, generatedPrefixMax - end.length) + end;
  return { ...pod, metadata: { ...pod.metadata, generateName } } as Draft<Pod>;
}

function pendingIndexes(situation: Situation, count: number): number[] {
  const { job, active, pods, succeededIndexes, failedIndexes = [] } = situation;
  const leaving = replacesOnlyFailed(job) ? pods.filter(isPodTerminating) : [];
  const taken = [...active, ...leaving].flatMap((pod) => indexOf(pod) ?? []);
  const busy = mergeIntervals(withIndexes(succeededIndexes, taken), failedIndexes);
  return firstMissing(busy, count, job.spec?.completions ?? 0);
}

/** The indexes whose turn it is, or when the first one's is. */
function readyIndexes(situation: Situation, indexes: readonly number[]): { now: number[]; atMs?: number } {
  const { lastFailed, nowMs } = situation;
  const times = indexes.map((index) => {
    const pod = lastFailed.get(index);
    return pod && readyAtMs({ failures: allFailures(pod) + 1, lastFailureMs: finishedAtMs(pod) }, nowMs);
  });
  const now = indexes.filter((_, position) => times[position] === undefined);
  const later = times.filter((time) => time !== undefined);
  return { now, ...(now.length === 0 && later.length > 0 ? { atMs: Math.min(...later) } : {}) };
}

function wantedActive({ job, active, succeeded }: Situation): number {
  const { parallelism = 1, completions } = job.spec ?? {};
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism;
  return Math.max(0, Math.min(completions - succeeded, parallelism));
}

/** `refused` says what follows when the server refuses a pod. */
export function manageJob(situation: Situation, refused: () => Refused): Managed {
  const { job, active, ready, terminating, backoff, nowMs } = situation;
  if (isSuspended(job)) return remove(situation, active, refused);
  const wanted = wantedActive(situation);
  const excess = choosePods(situation, Math.max(0, active.length - wanted)).slice(0, podsMax);
  if (excess.length > 0) return remove(situation, excess, refused);
  const same = { changes: [], active: active.length, ready, terminating };
  const missing = wanted - active.length - (replacesOnlyFailed(job) ? terminating : 0);
  if (missing <= 0) return same;
  const atMs = limitsIndexes(job) ? undefined : readyAtMs(backoff, nowMs);
  if (atMs !== undefined) return { ...same, requeueAtMs: atMs };
  const count = Math.min(missing, podsMax);
  let indexes: (number | undefined)[] = Array.from({ length: count }, () => undefined);
  if (isIndexed(job)) {
    const pending = pendingIndexes(situation, count);
    const turn = limitsIndexes(job) ? readyIndexes(situation, pending) : { now: pending };
    if (turn.atMs !== undefined) return { ...same, requeueAtMs: turn.atMs };
    indexes = turn.now;
  }
  const changes = indexes.map((index) => createPod(job, draftPod(situation, index), { refused }));
  return { ...same, changes, active: active.length + changes.length };
}
