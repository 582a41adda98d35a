// ReplicaSets. Upstream: pkg/controller/replicaset. May import src/base, src/kinds, src/client.
import { matcherOfSelector } from "../../base/labels.ts";
import { replicaSet } from "../../kinds/apps/replica-set.ts";
import { replicasController } from "../replication/replicas.ts";

export const replicaSetController = replicasController({
  name: "replicaset-controller",
  kind: replicaSet,
  selectorOf: ({ spec }) => matcherOfSelector(spec.selector),
  countsTerminating: true,
});
