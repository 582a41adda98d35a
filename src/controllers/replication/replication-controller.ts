// ReplicationControllers: their selector is a map of labels. Upstream: pkg/controller/replication. May import src/base,
// src/kinds, src/client.
import { matcherOfLabels, nothing } from "../../base/labels.ts";
import { replicationController as replicationControllerKind } from "../../kinds/core/replication-controller.ts";
import type { Kind } from "../../kinds/kind.ts";
import type { ReplicaSet } from "../../kinds/types/apps-v1.gen.ts";
import { replicasController } from "./replicas.ts";

/** The two kinds differ in nothing that the controller reads but the selector. */
const kind = replicationControllerKind as unknown as Kind<ReplicaSet>;

export const replicationController = replicasController({
  name: "replication-controller",
  kind,
  selectorOf({ spec }) {
    const labels = spec.selector as unknown as Readonly<Record<string, string>> | undefined;
    return labels && Object.keys(labels).length > 0 ? matcherOfLabels(labels) : nothing;
  },
  countsTerminating: false,
});
