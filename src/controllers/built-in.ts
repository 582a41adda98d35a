// The explicit list of Proa's own controllers. May import src/base, src/kinds, src/client.
import type { Kind } from "../kinds/kind.ts";
import { clusterRoleAggregationController } from "./cluster-role-aggregation/cluster-role-aggregation-controller.ts";
import type { Controller } from "./controller.ts";
import { cronJobController } from "./cron-job/cron-job-controller.ts";
import { daemonSetController } from "./daemon-set/daemon-set-controller.ts";
import { deploymentController } from "./deployment/deployment-controller.ts";
import { disruptionController } from "./disruption/disruption-controller.ts";
import { garbageCollector } from "./garbage-collector/garbage-collector.ts";
import { jobController } from "./job/job-controller.ts";
import { namespaceController } from "./namespace/namespace-controller.ts";
import { nodeIpamController } from "./node-ipam/node-ipam-controller.ts";
import { nodeLifecycleController } from "./node-lifecycle/node-lifecycle-controller.ts";
import { taintEvictionController } from "./node-lifecycle/taint-eviction-controller.ts";
import { podGarbageCollector } from "./pod-garbage-collector/pod-garbage-collector.ts";
import { replicaSetController } from "./replica-set/replica-set-controller.ts";
import { replicationController } from "./replication/replication-controller.ts";
import { resourceQuotaController } from "./resource-quota/resource-quota-controller.ts";
import { rootCaPublisher } from "./service-account/root-ca-publisher.ts";
import { serviceAccountController } from "./service-account/service-account-controller.ts";
import { statefulSetController } from "./stateful-set/stateful-set-controller.ts";
import { tokenCleaner } from "./token-cleaner/token-cleaner.ts";
import { ttlAfterFinishedController } from "./ttl-after-finished/ttl-after-finished-controller.ts";
import {
  claimProtectionController,
  volumeProtectionController,
} from "./volume-protection/volume-protection-controllers.ts";

export interface BuiltInOptions {
  /** All kinds that the API server serves now. */
  kinds(): readonly Kind[];
  /** What kube-root-ca.crt holds. */
  readonly authorityPem: string;
  /** All pods' addresses: each node gets a part. */
  readonly podCidr: string;
}

export const builtInControllers = (options: BuiltInOptions): readonly Controller<unknown>[] => [
  namespaceController(options.kinds),
  serviceAccountController,
  rootCaPublisher(options.authorityPem),
  tokenCleaner,
  garbageCollector(options.kinds),
  podGarbageCollector(),
  nodeIpamController(options.podCidr),
  nodeLifecycleController(),
  taintEvictionController(),
  clusterRoleAggregationController,
  claimProtectionController(),
  volumeProtectionController,
  replicationController,
  replicaSetController,
  deploymentController,
  daemonSetController(),
  statefulSetController,
  jobController(),
  cronJobController,
  ttlAfterFinishedController,
  disruptionController,
  resourceQuotaController({ kinds: options.kinds, charged: true }),
];
