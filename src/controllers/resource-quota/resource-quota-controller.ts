// Tells in each ResourceQuota's status what is limited and what is used, counted anew: admission only adds. Upstream:
// pkg/controller/resourcequota. May import src/base, src/kinds, src/client.
import type { Indexes } from "../../client/informer-set.ts";
import { resourceQuota as quotaKind } from "../../kinds/core/resource-quota.ts";
import type { Kind } from "../../kinds/kind.ts";
import type { KubernetesObject } from "../../kinds/object.ts";
import { amountsOf } from "../../kinds/pod/resources.ts";
import { calculateUsage } from "../../kinds/quota/calculate-usage.ts";
import type { Evaluator, QuotaFacts, QuotaReader } from "../../kinds/quota/evaluator.ts";
import { evaluatorOf } from "../../kinds/quota/evaluators.ts";
import { equalAmounts, maskAmounts, resourceListOf } from "../../kinds/quota/quota-amounts.ts";
import type { ResourceQuota } from "../../kinds/types/core-v1.gen.ts";
import { type Controller, keyOf, type Reconciled, type Source, splitKey, type View } from "../controller.ts";

/** How often everything is counted anew, whatever has been told. Upstream: ResourceQuotaSyncPeriod, 5 min. */
const resyncMs = 300_000;
/** Objects not much younger than a quota may not have been charged to it: they came before it was in force. */
const settlingMs = 5_000;
const quotableVerbs = ["create", "list", "watch", "delete"] as const;

/** A kind that quotas count. */
interface Counted {
  readonly kind: Kind;
  readonly evaluator: Evaluator;
}

function countedKinds(kinds: readonly Kind[]): Counted[] {
  const distinct = new Map(kinds.map((kind) => [`${kind.group}/${kind.plural}`, kind]));
  return [...distinct.values()].flatMap((kind) => {
    const stored = kind.namespaced && !kind.virtual && quotableVerbs.every((verb) => kind.verbs.includes(verb));
    const evaluator = stored ? evaluatorOf(kind.group, kind.plural) : undefined;
    return evaluator ? [{ kind, evaluator }] : [];
  });
}

const namespaceIndex = "namespace";
const indexes: Indexes<KubernetesObject> = { [namespaceIndex]: ({ metadata }) => [metadata.namespace ?? ""] };

/** Only kinds that are served can be looked up: of others there is nothing. */
function readerOf(view: View, served: ReadonlySet<string>): QuotaReader {
  const has = (kind: { group: string; plural: string }): boolean => served.has(`${kind.group}/${kind.plural}`);
  return {
    get: (kind, namespace, name) => (has(kind) ? view.get(kind, namespace || undefined, name) : undefined),
    list: (kind, namespace) => {
      if (!has(kind)) return [];
      return namespace === undefined ? view.list(kind) : view.byIndex(kind, namespaceIndex, namespace);
    },
  };
}

function equalSpecs(a: ResourceQuota, b: ResourceQuota): boolean {
  return equalAmounts(amountsOf(a.spec?.hard), amountsOf(b.spec?.hard));
}

/** Its status is told by admission and by this controller alone: only what is limited counts. */
const ownSource: Source<ResourceQuota> = {
  kind: quotaKind,
  indexes,
  keysOf: (quota, old) => (old && equalSpecs(quota, old) ? [] : [keyOf(quota)]),
};

/** Whether the change may have made the quota's count wrong: what is new is charged by admission. */
function mayHaveChanged(
  { kind, evaluator }: Counted,
  quota: ResourceQuota,
  object: KubernetesObject,
  old: KubernetesObject | undefined,
  view: View,
  facts: QuotaFacts,
): boolean {
  if (evaluator.matchingResources(Object.keys(quota.status?.hard ?? {}), facts).length === 0) return false;
  const { namespace, name, creationTimestamp } = object.metadata;
  const gone = old !== undefined && view.get(kind, namespace, name) === undefined;
  if (gone) return true;
  if (old) return evaluator.replenishes(object, old, facts);
  return Date.parse(creationTimestamp) <= Date.parse(quota.metadata.creationTimestamp) + settlingMs;
}

function sourceOf(counted: Counted, served: ReadonlySet<string>): Source {
  return {
    kind: counted.kind,
    indexes,
    keysOf(object, old, view) {
      const quotas = view.byIndex(quotaKind, namespaceIndex, object.metadata.namespace ?? "");
      if (quotas.length === 0) return [];
      // No time: that a pod is overdue is not told by a change, but found at the next count.
      const facts = { nowMs: 0, reader: readerOf(view, served) };
      return quotas.filter((quota) => mayHaveChanged(counted, quota, object, old, view, facts)).map(keyOf);
    },
  };
}

/** The status as it should be; undefined: it says so. */
function recount(quota: ResourceQuota, counted: readonly Counted[], view: View, facts: QuotaFacts) {
  const { spec, status } = quota;
  const { namespace = "" } = quota.metadata;
  const countables = counted.map(({ kind, evaluator }) => ({
    evaluator,
    list: () => view.byIndex(kind, namespaceIndex, namespace),
  }));
  const hard = amountsOf(spec?.hard);
  const before = amountsOf(status?.used);
  const used = maskAmounts(new Map([...before, ...calculateUsage(quota, countables, facts)]), hard.keys());
  const known = status?.hard !== undefined && status.used !== undefined;
  if (known && equalAmounts(hard, amountsOf(status.hard)) && equalAmounts(used, before)) return undefined;
  return { hard: resourceListOf(hard), used: resourceListOf(used) };
}

/** `kinds` are all kinds that are served when the controller is made. */
export function resourceQuotaController(kinds: readonly Kind[]): Controller {
  const counted = countedKinds(kinds);
  const served = new Set(kinds.map((kind) => `${kind.group}/${kind.plural}`));
  // Looked up by evaluators; changes of a class move nothing by themselves.
  const classes = kinds.filter(({ group, plural }) => group === "resource.k8s.io" && plural === "deviceclasses");
  return {
    name: "resourcequota-controller",
    workers: 5,
    sources: [
      ownSource,
      ...counted.map((one) => sourceOf(one, served)),
      ...classes.map((kind): Source => ({ kind, keysOf: () => [] })),
    ],
    reconcile(key, view, nowMs): Reconciled {
      const quota = view.get(quotaKind, ...splitKey(key));
      if (!quota) return { changes: [] };
      const status = recount(quota, counted, view, { nowMs, reader: readerOf(view, served) });
      const requeueAtMs = nowMs + resyncMs;
      if (!status) return { changes: [], requeueAtMs };
      const object = { ...quota, status };
      return { changes: [{ do: "update", kind: quotaKind, object, subresource: "status" }], requeueAtMs };
    },
  };
}
