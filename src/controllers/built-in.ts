// The explicit list of Proa's own controllers. May import src/base, src/kinds, src/client.
import type { Kind } from "../kinds/kind.ts";
import { clusterRoleAggregationController } from "./cluster-role-aggregation/cluster-role-aggregation-controller.ts";
import type { Controller } from "./controller.ts";
import { garbageCollector } from "./garbage-collector/garbage-collector.ts";
import { namespaceController } from "./namespace/namespace-controller.ts";
import { nodeIpamController } from "./node-ipam/node-ipam-controller.ts";
import { nodeLifecycleController } from "./node-lifecycle/node-lifecycle-controller.ts";
import { taintEvictionController } from "./node-lifecycle/taint-eviction-controller.ts";
import { podGarbageCollector } from "./pod-garbage-collector/pod-garbage-collector.ts";
import { rootCaPublisher } from "./service-account/root-ca-publisher.ts";
import { serviceAccountController } from "./service-account/service-account-controller.ts";
import { tokenCleaner } from "./token-cleaner/token-cleaner.ts";
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
];
