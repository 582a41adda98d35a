// How many pods there should be behind a disruption budget: as many as the pods' controllers ask for. Upstream:
// getExpectedPodCount in pkg/controller/disruption. May import src/base, src/kinds, src/client.
import { deployment as deploymentKind } from "../../kinds/apps/deployment.ts";
import { replicaSet as replicaSetKind } from "../../kinds/apps/replica-set.ts";
import { statefulSet as statefulSetKind } from "../../kinds/apps/stateful-set.ts";
import { replicationController as replicationControllerKind } from "../../kinds/core/replication-controller.ts";
import type { Kind } from "../../kinds/kind.ts";
import type { KubernetesObject } from "../../kinds/object.ts";
import { getControllerOf } from "../../kinds/pod/ownership.ts";
import type { Pod } from "../../kinds/types/core-v1.gen.ts";
import type { OwnerReference } from "../../kinds/types/meta-v1.gen.ts";
import type { PodDisruptionBudget } from "../../kinds/types/policy-v1.gen.ts";
import type { View } from "../controller.ts";
import { scaledValue } from "../deployment/replica-counts.ts";

type Scaled = KubernetesObject & { readonly spec?: { readonly replicas?: number } };
const asScaled = (kind: unknown): Kind<Scaled> => kind as Kind<Scaled>;
const replicaSet = asScaled(replicaSetKind);
const deployment = asScaled(deploymentKind);
const others: readonly Kind<Scaled>[] = [asScaled(statefulSetKind), asScaled(replicationControllerKind)];
/** Kinds of workloads that have no size of their own. */
const unscaled: Readonly<Record<string, string>> = { Job: "jobs.batch", DaemonSet: "daemonsets.apps" };

export interface ExpectedPods {
  readonly expected: number;
  readonly desiredHealthy: number;
  /** Names of pods that nothing controls. */
  readonly unmanaged: readonly string[];
}
/** The number can't be told: why. */
export class ExpectedPodsError extends Error {
  override name = "ExpectedPodsError";
}

const groupOf = ({ apiVersion }: OwnerReference): string =>
  apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
function find(view: View, kind: Kind<Scaled>, owner: OwnerReference, namespace: string): Scaled | undefined {
  if (owner.kind !== kind.kind || groupOf(owner) !== kind.group) return undefined;
  const found = view.get(kind, namespace, owner.name);
  return found?.metadata.uid === owner.uid ? found : undefined;
}

function findScaled(view: View, owner: OwnerReference, namespace: string): Scaled | undefined {
  const set = find(view, replicaSet, owner, namespace);
  if (set) {
    const above = getControllerOf(set);
    return above?.kind === deployment.kind ? find(view, deployment, above, namespace) : set;
  }
  for (const kind of others) {
    const found = find(view, kind, owner, namespace);
    if (found) return found;
  }
  return undefined;
}

function countScales(view: View, pods: readonly Pod[]): { expected: number; unmanaged: string[] } {
  const scales = new Map<string, number>();
  const unmanaged: string[] = [];
  for (const pod of pods) {
    const { namespace = "", name } = pod.metadata;
    const owner = getControllerOf(pod);
    if (!owner) {
      unmanaged.push(name);
      continue;
    }
    const found = findScaled(view, owner, namespace);
    if (!found) {
      const resource = unscaled[owner.kind];
      throw new ExpectedPodsError(
        resource
          ? `${resource} does not implement the scale subresource`
          : `found no controllers for pod ${JSON.stringify(name)}`,
      );
    }
    scales.set(found.metadata.uid, found.spec?.replicas ?? 1);
  }
  return { expected: [...scales.values()].reduce((total, one) => total + one, 0), unmanaged };
}

/** Throws ExpectedPodsError where a pod's controller has no size. */
export function countExpectedPods({ spec }: PodDisruptionBudget, pods: readonly Pod[], view: View): ExpectedPods {
  const { maxUnavailable, minAvailable } = spec ?? {};
  if (maxUnavailable !== undefined) {
    const { expected, unmanaged } = countScales(view, pods);
    const desiredHealthy = Math.max(0, expected - scaledValue(maxUnavailable, expected, true));
    return { expected, desiredHealthy, unmanaged };
  }
  if (minAvailable === undefined) return { expected: 0, desiredHealthy: 0, unmanaged: [] };
  if (typeof minAvailable === "number") {
    return { expected: pods.length, desiredHealthy: minAvailable, unmanaged: [] };
  }
  const { expected, unmanaged } = countScales(view, pods);
  return { expected, desiredHealthy: scaledValue(minAvailable, expected, true), unmanaged };
}
