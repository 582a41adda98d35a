// Adds up what a namespace uses of its quotas. Upstream: pkg/controller/resourcequota. May import src/base, src/kinds,
// src/client.
import { equalQuantities, parseQuantity, printQuantity, quantityOf } from "../../base/quantity.ts";
import { resourceQuota as quotaKind } from "../../kinds/core/resource-quota.ts";
import type { Kind } from "../../kinds/kind.ts";
import { semanticEqual } from "../../kinds/meta/equality.ts";
import type { KubernetesObject } from "../../kinds/object.ts";
import type { Amounts } from "../../kinds/pod/resources.ts";
import { hasDeadline, matchesScope, scopesOf } from "../../kinds/quota/scopes.ts";
import { addUsage, countsTowards, isPodCharged, usageOf } from "../../kinds/quota/usage.ts";
import type { PersistentVolumeClaim, Pod, ResourceQuota, Service } from "../../kinds/types/core-v1.gen.ts";
import { type Controller, keyOf, type Source, splitKey, type View } from "../controller.ts";
import { inNamespace, namespaceIndexes } from "../replication/claim.ts";

/** All is added up anew this often. Upstream: --resource-quota-sync-period. */
const resyncMs = 5 * 60_000;
const anyQuota = quotaKind as unknown as Kind;

export interface ResourceQuotaOptions {
  /** All kinds that the API server serves now. */
  kinds(): readonly Kind[];
  /**
   * Whether admission charges quotas when objects are created. If so a new object is known already, and adding up at
   * that moment could overlook another one that is charged but not stored yet.
   */
  readonly charged: boolean;
}

type List = Readonly<Record<string, string>>;

/** Whether a change of an object can free or take anything. */
function changesUsage(kind: Kind, object: KubernetesObject, old: KubernetesObject): boolean {
  if (kind.group !== "") return false;
  if (kind.plural === "pods") {
    const [pod, before] = [object as Pod, old as Pod];
    const nowMs = Date.parse(before.metadata.creationTimestamp);
    const ended = isPodCharged(before, nowMs) && !isPodCharged(pod, nowMs);
    const resources = ({ spec, status }: Pod): unknown => [
      spec.resources,
      spec.containers.map((one) => one.resources),
      (spec.initContainers ?? []).map((one) => one.resources),
      (status?.containerStatuses ?? []).map((one) => [one.resources, one.allocatedResources]),
    ];
    return ended || hasDeadline(before) !== hasDeadline(pod) || !semanticEqual(resources(before), resources(pod));
  }
  if (kind.plural === "services") {
    const typeOf = ({ spec }: Service): unknown => [spec?.type, spec?.ports?.length];
    return !semanticEqual(typeOf(object as Service), typeOf(old as Service));
  }
  if (kind.plural !== "persistentvolumeclaims") return false;
  const sizeOf = ({ spec, status }: PersistentVolumeClaim): unknown => [
    spec?.resources,
    status?.allocatedResources,
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
  ];
  return !semanticEqual(sizeOf(object as PersistentVolumeClaim), sizeOf(old as PersistentVolumeClaim));
}

function sourceOf(kind: Kind, charged: boolean): Source {
  return {
    kind,
    indexes: namespaceIndexes,
    keysOf(object, old, view) {
      const { namespace, name } = object.metadata;
      const present = view.get(kind, namespace, name)?.metadata.uid === object.metadata.uid;
      const concerns = !present || (old ? changesUsage(kind, object, old) : !charged);
      if (!concerns) return [];
      const quotas = view.list(quotaKind, namespace);
      const tracks = ({ spec }: ResourceQuota): boolean =>
        Object.keys(spec.hard ?? {}).some((resource) => countsTowards(kind, resource));
      return quotas.filter(tracks).map(keyOf);
    },
  };
}

/** What is used of the quota's resources now; those that no kind counts towards keep what was told of them. */
function addUp(quota: ResourceQuota, kinds: readonly Kind[], view: View, nowMs: number): Record<string, string> {
  const names = Object.keys(quota.spec.hard ?? {});
  const scopes = scopesOf(quota.spec);
  const total: Amounts = new Map();
  const tracked = new Set<string>();
  for (const kind of kinds) {
    const counted = names.filter((name) => countsTowards(kind, name));
    if (counted.length === 0) continue;
    for (const name of counted) tracked.add(name);
    for (const object of inNamespace(view, kind, quota.metadata.namespace)) {
      if (!scopes.every((scope) => matchesScope(kind, object, scope))) continue;
      addUsage(total, usageOf(kind, object, nowMs));
    }
  }
  const used: Record<string, string> = {};
  for (const name of names.toSorted()) {
    const before = quota.status?.used?.[name];
    if (tracked.has(name)) used[name] = printQuantity(total.get(name) ?? quantityOf(0));
    else if (before !== undefined) used[name] = before;
  }
  return used;
}

function sameAmounts(a: List | undefined, b: List): boolean {
  const names = Object.keys(b);
  if (!a || Object.keys(a).length !== names.length) return false;
  return names.every(
    (name) => a[name] !== undefined && equalQuantities(parseQuantity(a[name]), parseQuantity(b[name]!)),
  );
}

export function resourceQuotaController({ kinds, charged }: ResourceQuotaOptions): Controller {
  // Kinds that are served in two versions are one to a quota; events come and go too fast to be counted.
  const distinct = [...new Map(kinds().map((kind) => [kind.storageKey, kind])).values()].filter(
    (kind) => kind.namespaced && !kind.virtual && kind.kind !== "Event" && kind.verbs.includes("watch"),
  );
  const quotas: Source<ResourceQuota> = {
    kind: quotaKind,
    keysOf(quota, old, view) {
      const present = view.get(quotaKind, ...splitKey(keyOf(quota))) !== undefined;
      return present && old && semanticEqual(old.spec.hard, quota.spec.hard) ? [] : [keyOf(quota)];
    },
  };
  return {
    name: "resourcequota-controller",
    workers: 5,
    sources: [quotas as unknown as Source, ...distinct.map((kind) => sourceOf(kind, charged))],
    reconcile(key, view, nowMs) {
      const quota = view.get(quotaKind, ...splitKey(key));
      if (!quota) return { changes: [] };
      const hard = quota.spec.hard ?? {};
      const used = addUp(quota, distinct, view, nowMs);
      const requeueAtMs = nowMs + resyncMs;
      const { status } = quota;
      if (sameAmounts(status?.hard, hard) && sameAmounts(status?.used, used)) return { changes: [], requeueAtMs };
      const object = { ...quota, status: { hard, used } } as ResourceQuota;
      return { changes: [{ do: "update", kind: anyQuota, object, subresource: "status" }], requeueAtMs };
    },
  };
}
