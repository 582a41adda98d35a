// Empties namespaces that are being deleted, pods first (KEP-5080), says in their conditions what is left, and lets them
// go at the end. Upstream: pkg/controller/namespace/deletion. May import src/base, src/kinds, src/client.
import { toTime } from "../../base/clock.ts";
import { namespace as namespaceKind } from "../../kinds/core/namespace.ts";
import { pod as podKind } from "../../kinds/core/pod.ts";
import type { Kind } from "../../kinds/kind.ts";
import type { KubernetesObject } from "../../kinds/object.ts";
import type { Namespace, NamespaceCondition, Pod } from "../../kinds/types/core-v1.gen.ts";
import { type Change, type Controller, keyOf, type Reconciled, type Source } from "../controller.ts";

/** What is left of one kind in the namespace. */
export interface Remainder {
  readonly kind: Kind;
  readonly count: number;
  /** finalizer → how many objects have it */
  readonly finalizers: ReadonlyMap<string, number>;
}

const kubernetesFinalizer = "kubernetes";
/** How soon content that finalizers hold back is looked at again. */
const recheckMs = 1_000;
/** How soon after the first deletions: mostly all is gone then. */
const recheckSoonMs = 20;

const condition = (type: string, failed: boolean, reason: string, message: string): NamespaceCondition => ({
  type,
  status: failed ? "True" : "False",
  reason,
  message,
});

/** "pods. has 2 resource instances", sorted, as upstream joins them. */
function describeContent(remainders: readonly Remainder[]): string {
  return remainders
    .map(({ kind, count }) => `${kind.plural}.${kind.group} has ${count} resource instances`)
    .toSorted()
    .join(", ");
}

function describeFinalizers(remainders: readonly Remainder[]): string {
  const totals = new Map<string, number>();
  for (const { finalizers } of remainders) {
    for (const [name, count] of finalizers) totals.set(name, (totals.get(name) ?? 0) + count);
  }
  const texts = [...totals].map(([name, count]) => `${name} in ${count} resource instances`);
  return texts.toSorted().join(", ");
}

function conditionsFor(remainders: readonly Remainder[]): NamespaceCondition[] {
  const content = describeContent(remainders);
  const finalizers = describeFinalizers(remainders);
  return [
    condition(
      "NamespaceDeletionDiscoveryFailure",
      false,
      "ResourcesDiscovered",
      "All resources successfully discovered",
    ),
    condition(
      "NamespaceDeletionGroupVersionParsingFailure",
      false,
      "ParsedGroupVersions",
      "All legacy kube types successfully parsed",
    ),
    condition(
      "NamespaceDeletionContentFailure",
      false,
      "ContentDeleted",
      "All content successfully deleted, may be waiting on finalization",
    ),
    content
      ? condition("NamespaceContentRemaining", true, "SomeResourcesRemain", `Some resources are remaining: ${content}`)
      : condition("NamespaceContentRemaining", false, "ContentRemoved", "All content successfully removed"),
    finalizers
      ? condition(
          "NamespaceFinalizersRemaining",
          true,
          "SomeFinalizersRemain",
          `Some content in the namespace has finalizers remaining: ${finalizers}`,
        )
      : condition(
          "NamespaceFinalizersRemaining",
          false,
          "ContentHasNoFinalizers",
          "All content-preserving finalizers finished",
        ),
  ];
}

/** The status with these conditions; undefined when it says so already. */
function withConditions(
  namespace: Namespace,
  wanted: readonly NamespaceCondition[],
  now: string,
): Namespace | undefined {
  const old = namespace.status?.conditions ?? [];
  let changed = false;
  const merged = wanted.map((one) => {
    const before = old.find((candidate) => candidate.type === one.type);
    if (before?.status === one.status && before.message === one.message && before.reason === one.reason) return before;
    changed = true;
    const lastTransitionTime = before?.status === one.status ? before.lastTransitionTime : now;
    return { ...one, lastTransitionTime };
  });
  if (!changed) return undefined;
  const kept = old.filter((one) => !wanted.some((other) => other.type === one.type));
  return { ...namespace, status: { ...namespace.status, conditions: [...kept, ...merged] } };
}

function count(kind: Kind, objects: readonly KubernetesObject[]): Remainder {
  const finalizers = new Map<string, number>();
  for (const { metadata } of objects) {
    for (const name of metadata.finalizers ?? []) finalizers.set(name, (finalizers.get(name) ?? 0) + 1);
  }
  return { kind, count: objects.length, finalizers };
}

/** `told`: everything has been asked to go already, so that what is left is worth telling. */
function reconcileTerminating(
  namespace: Namespace,
  remainders: readonly Remainder[],
  told: boolean,
  nowMs: number,
): Reconciled {
  const { name } = namespace.metadata;
  const left = remainders.filter((one) => one.count > 0);
  if (left.length === 0) {
    const finalizers = (namespace.spec.finalizers ?? []).filter((one) => one !== kubernetesFinalizer);
    if (finalizers.length === (namespace.spec.finalizers ?? []).length) return { changes: [] };
    // What was told before is set right first, where the namespace outlives this controller's part.
    const known = namespace.status?.conditions?.length ? namespace : undefined;
    const updated = known && withConditions(known, conditionsFor([]), toTime(nowMs));
    if (updated) return { changes: [{ do: "update", kind: namespaceKind, object: updated, subresource: "status" }] };
    const object = { ...namespace, spec: { ...namespace.spec, finalizers } };
    return { changes: [{ do: "update", kind: namespaceKind, object, subresource: "finalize" }] };
  }
  // Pods go first: what they use must outlive them.
  const pods = left.filter(({ kind }) => kind.kind === "Pod" && kind.group === "");
  const next = pods.length > 0 ? pods : left;
  // While pods are left upstream says no more than that all goes well.
  const updated = told
    ? withConditions(namespace, conditionsFor(pods.length > 0 ? [] : left), toTime(nowMs))
    : undefined;
  const changes: Change[] = next.map(({ kind }) => {
    // Dependents lie in the namespace too: nobody has to be orphaned.
    return { do: "delete-collection", kind, namespace: name, options: { propagationPolicy: "Background" } };
  });
  if (updated) changes.unshift({ do: "update", kind: namespaceKind, object: updated, subresource: "status" });
  return { changes, requeueAtMs: nowMs + (told ? recheckMs : recheckSoonMs) };
}

/** `kinds` are all kinds that are served at the time of the call. */
export function namespaceController(kinds: () => readonly Kind[]): Controller<readonly Remainder[]> {
  const ownKeys: Source<Namespace> = { kind: namespaceKind, keysOf: (object) => [keyOf(object)] };
  const podKeys: Source<Pod> = {
    kind: podKind,
    keysOf(object, _old, view) {
      const { namespace = "", name } = object.metadata;
      // Only when the pod is gone: while it ends there is nothing new to do.
      if (view.get(podKind, namespace, name)) return [];
      return view.get(namespaceKind, undefined, namespace)?.metadata.deletionTimestamp ? [namespace] : [];
    },
  };
  /** Namespaces (by uid) whose content of this sort has been asked to go: pods, and then all. */
  const asked = new Map<string, Set<"pods" | "all">>();
  const wasAsked = ({ metadata }: Namespace, remainders: readonly Remainder[]): boolean => {
    const sort = remainders.some(({ kind, count }) => kind.kind === "Pod" && count > 0) ? "pods" : "all";
    const sorts = asked.get(metadata.uid) ?? new Set();
    asked.set(metadata.uid, sorts);
    const told = sorts.has(sort);
    sorts.add(sort);
    return told;
  };
  return {
    name: "namespace-controller",
    sources: [ownKeys, podKeys],
    workers: 10,
    async gather(key, view, client) {
      const namespace = view.get(namespaceKind, undefined, key);
      if (!namespace?.metadata.deletionTimestamp) return [];
      const deletable = kinds().filter((kind) => kind.namespaced && kind.verbs.includes("deletecollection"));
      const distinct = new Map(deletable.map((kind) => [kind.storageKey, kind]));
      const lists = [...distinct.values()].map(async (kind) => {
        const { items } = await client.list(kind, { namespace: key });
        return count(
          kind,
          items.map((ref) => ref.object()),
        );
      });
      return Promise.all(lists);
    },
    reconcile(key, view, nowMs, remainders) {
      const namespace = view.get(namespaceKind, undefined, key);
      if (!namespace?.metadata.deletionTimestamp) return { changes: [] };
      const done = remainders.every((one) => one.count === 0);
      if (done) asked.delete(namespace.metadata.uid);
      return reconcileTerminating(namespace, remainders, !done && wasAsked(namespace, remainders), nowMs);
    },
  };
}
