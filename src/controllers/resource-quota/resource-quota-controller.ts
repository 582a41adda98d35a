// Adds up what a namespace uses of its quotas. Upstream: pkg/controller/resourcequota. May import src/base, src/kinds,
// src/client.
import { equalQuantities, parseQuantity, printQuantity, quantityOf } from "../../base/quantity.ts";
import { resourceQuota as quotaKind } from "../../kinds/core/resource-quota.ts";
import type { Kind } from "../../kinds/kind.ts";
import { semanticEqual } from "../../kinds/meta/equality.ts";
import type { KubernetesObject } from "../../kinds/object.ts";
import { type Evaluator, matchesScopes } from "../../kinds/quota/evaluator.ts";
import { evaluatorOf } from "../../kinds/quota/evaluators.ts";
import { addAmounts, equalAmounts, type ReadonlyAmounts } from "../../kinds/quota/quota-amounts.ts";
import type { ResourceQuota } from "../../kinds/types/core-v1.gen.ts";
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

/** A kind of which quotas count something. */
interface Counted {
  readonly kind: Kind;
  readonly evaluator: Evaluator;
}

/** Whether a change of an object can free or take anything of these quotas. */
function changesUsage(
  { evaluator }: Counted,
  object: KubernetesObject,
  old: KubernetesObject,
  quotas: readonly ResourceQuota[],
  view: View,
): boolean {
  // Both at the same time, so that only the change itself counts.
  const facts = { nowMs: Date.parse(old.metadata.creationTimestamp), reader: view };
  if (!equalAmounts(evaluator.usage(object, facts), evaluator.usage(old, facts))) return true;
  return quotas.some(({ spec = {} }) => matchesScopes(evaluator, spec, object) !== matchesScopes(evaluator, spec, old));
}

function sourceOf(counted: Counted, charged: boolean): Source {
  const { kind, evaluator } = counted;
  return {
    kind,
    indexes: namespaceIndexes,
    keysOf(object, old, view) {
      const { namespace, name, creationTimestamp } = object.metadata;
      const facts = { nowMs: Date.parse(creationTimestamp), reader: view };
      const quotas = view
        .list(quotaKind, namespace)
        .filter(({ spec }) => evaluator.matchingResources(Object.keys(spec.hard ?? {}), facts).length > 0);
      if (quotas.length === 0) return [];
      const present = view.get(kind, namespace, name)?.metadata.uid === object.metadata.uid;
      const concerns = !present || (old ? changesUsage(counted, object, old, quotas, view) : !charged);
      return concerns ? quotas.map(keyOf) : [];
    },
  };
}

/** What is used of the quota's resources now; those that no kind counts towards keep what was told of them. */
function addUp(quota: ResourceQuota, kinds: readonly Counted[], view: View, nowMs: number): Record<string, string> {
  const names = Object.keys(quota.spec.hard ?? {});
  const facts = { nowMs, reader: view };
  let total: ReadonlyAmounts = new Map();
  const tracked = new Set<string>();
  for (const { kind, evaluator } of kinds) {
    const counted = evaluator.matchingResources(names, facts);
    if (counted.length === 0) continue;
    for (const name of counted) tracked.add(name);
    for (const object of inNamespace(view, kind, quota.metadata.namespace)) {
      if (!matchesScopes(evaluator, quota.spec, object)) continue;
      total = addAmounts(total, evaluator.usage(object, facts));
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
  // Kinds that are served in two versions are one to a quota.
  const distinct = [...new Map(kinds().map((kind) => [kind.storageKey, kind])).values()].flatMap((kind): Counted[] => {
    const evaluator = evaluatorOf(kind.group, kind.plural);
    return evaluator && kind.namespaced && !kind.virtual && kind.verbs.includes("watch") ? [{ kind, evaluator }] : [];
  });
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
    sources: [quotas as unknown as Source, ...distinct.map((counted) => sourceOf(counted, charged))],
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
