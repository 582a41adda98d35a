// VolumeBinding: the pod's claims exist and are bound to volumes that the node can reach. A claim that waits for its first
// consumer needs the volume binder, which isn't part of the scheduler yet: such a pod is refused in upstream's words for
// a claim that no volume fits. Source: plugins/volumebinding. May import src/base, src/kinds.
import { getControllerOf } from "../../kinds/pod/ownership.ts";
import type { PersistentVolumeClaim, Pod, Volume } from "../../kinds/types/core-v1.gen.ts";
import type { ClusterView } from "../cluster-view.ts";
import { matchOfNodeSelector, type NodeMatch } from "../node-selector.ts";
import type { PodInfo } from "../pod-info.ts";
import { type MakeFilter, refuse, type Refusal } from "./plugin.ts";
import { claimNotFound } from "./volume-restrictions.ts";

const plugin = "VolumeBinding";
const unreachable = refuse(plugin, "node(s) didn't match PersistentVolume's node affinity", true);
const noVolume = refuse(plugin, "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)", true);
const noneFits = refuse(plugin, "node(s) didn't find available persistent volumes to bind", true);
const unbound = refuse(plugin, "pod has unbound immediate PersistentVolumeClaims", true);

/** The claim that a volume is, or of an ephemeral volume the claim that is made for it. */
export const claimNameOf = (pod: Pod, { name, persistentVolumeClaim, ephemeral }: Volume): string | undefined =>
  persistentVolumeClaim?.claimName ?? (ephemeral ? `${pod.metadata.name}-${name}` : undefined);

export function storageClassOf({ metadata, spec }: PersistentVolumeClaim): string {
  return metadata.annotations?.["volume.beta.kubernetes.io/storage-class"] ?? spec?.storageClassName ?? "";
}

const isBound = ({ metadata, spec }: PersistentVolumeClaim): boolean =>
  Boolean(spec?.volumeName) && Object.hasOwn(metadata.annotations ?? {}, "pv.kubernetes.io/bind-completed");

function findClaim(info: PodInfo, volume: Volume, name: string, view: ClusterView): PersistentVolumeClaim | Refusal {
  const claim = view.claim(info.namespace, name);
  const refused = (reason: string): Refusal => refuse(plugin, reason, true);
  if (!claim) {
    if (!volume.ephemeral) return claimNotFound(plugin, name);
    return refused(`waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`);
  }
  if (claim.status?.phase === "Lost") {
    const lost = claim.spec?.volumeName ?? "";
    return refused(`persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${lost}"`);
  }
  if (claim.metadata.deletionTimestamp) return refused(`persistentvolumeclaim "${name}" is being deleted`);
  if (volume.ephemeral && getControllerOf(claim)?.uid !== info.uid) {
    return refused(`PVC ${info.namespace}/${name} was not created for pod ${info.key} (pod is not owner)`);
  }
  return claim;
}

export const volumeBinding: MakeFilter = (info, { view }) => {
  const claims: PersistentVolumeClaim[] = [];
  for (const volume of info.pod.spec?.volumes ?? []) {
    const name = claimNameOf(info.pod, volume);
    if (name === undefined) continue;
    const found = findClaim(info, volume, name, view);
    if ("reasons" in found) return found;
    claims.push(found);
  }
  if (claims.length === 0) return undefined;
  const waiting = claims.filter((claim) => !isBound(claim));
  const delayed = (claim: PersistentVolumeClaim): boolean =>
    !claim.spec?.volumeName && view.storageClass(storageClassOf(claim))?.volumeBindingMode === "WaitForFirstConsumer";
  if (!waiting.every(delayed)) return unbound;
  const matches: NodeMatch[] = [];
  let volumesExist = true;
  for (const claim of claims.filter(isBound)) {
    const volume = view.volume(claim.spec!.volumeName!);
    const required = volume?.spec?.nodeAffinity?.required;
    if (!volume) volumesExist = false;
    else if (required) matches.push(matchOfNodeSelector(required));
  }
  return {
    plugin,
    check({ node }) {
      if (!matches.every((match) => match(node!))) return unreachable;
      if (waiting.length > 0) return noneFits;
      return volumesExist ? undefined : noVolume;
    },
  };
};
