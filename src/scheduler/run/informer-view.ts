// The cluster as the informers know it, for the plugins; and what changes in it, for the queue. May import src/base,
// src/kinds, src/client.
import type { InformerSet } from "../../client/index.ts";
import { namespace as namespaceKind } from "../../kinds/core/namespace.ts";
import { persistentVolumeClaim } from "../../kinds/core/persistent-volume-claim.ts";
import { persistentVolume } from "../../kinds/core/persistent-volume.ts";
import { storageClass } from "../../kinds/storage/storage-class.ts";
import type { PodDisruptionBudget } from "../../kinds/types/policy-v1.gen.ts";
import type { ClusterView } from "../cluster-view.ts";
import type { ClusterEvent } from "../queue/cluster-event.ts";
import { DefaultSelectors, informerOf } from "./default-selector.ts";

/** `tell` hears of every change that may help a waiting pod. */
export function createInformerView(informers: InformerSet, tell: (event: ClusterEvent) => void): ClusterView {
  const claims = informers.of(persistentVolumeClaim);
  const volumes = informers.of(persistentVolume);
  const classes = informers.of(storageClass);
  const namespaces = informers.of(namespaceKind);
  const budgets = informerOf<PodDisruptionBudget>(informers, "policy", "v1", "poddisruptionbudgets");
  const selectors = new DefaultSelectors(informers);
  claims.onChange(({ type, object, old }) =>
    tell({ kind: "claim", old, now: type === "DELETED" ? undefined : object }),
  );
  volumes.onChange(({ type, object, old }) =>
    tell({ kind: "volume", old, now: type === "DELETED" ? undefined : object }),
  );
  classes.onChange(({ type, object, old }) =>
    tell({ kind: "storageClass", old, now: type === "DELETED" ? undefined : object }),
  );
  return {
    claim: (namespace, name) => claims.get(namespace, name),
    volume: (name) => volumes.get(undefined, name),
    storageClass: (name) => classes.get(undefined, name),
    namespaceLabels: (name) => namespaces.get(undefined, name)?.metadata.labels,
    namespaces: () => namespaces.list().map(({ metadata }) => ({ name: metadata.name, labels: metadata.labels ?? {} })),
    defaultSelector: (info) => selectors.of(info),
    disruptionBudgets: () => budgets?.list() ?? [],
  };
}
