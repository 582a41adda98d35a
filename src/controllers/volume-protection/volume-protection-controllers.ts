// Claims and volumes that are being deleted go when nobody uses them any more: the finalizers that admission gave them are
// taken off. Upstream: pkg/controller/volume/{pvc,pv}protection. May import src/base, src/kinds, src/client.
import { persistentVolumeClaim as claimKind } from "../../kinds/core/persistent-volume-claim.ts";
import { persistentVolume as volumeKind } from "../../kinds/core/persistent-volume.ts";
import { pod as podKind } from "../../kinds/core/pod.ts";
import type { KubernetesObject } from "../../kinds/object.ts";
import type { PersistentVolume, PersistentVolumeClaim, Pod } from "../../kinds/types/core-v1.gen.ts";
import { type Change, type Controller, keyOf, type Source, splitKey } from "../controller.ts";

const claimFinalizer = "kubernetes.io/pvc-protection";
const volumeFinalizer = "kubernetes.io/pv-protection";
const claimIndex = "claim";

function withoutFinalizer<T extends KubernetesObject>(object: T, finalizer: string): T {
  const finalizers = object.metadata.finalizers?.filter((one) => one !== finalizer);
  return { ...object, metadata: { ...object.metadata, finalizers } };
}

const held = (object: KubernetesObject, finalizer: string): boolean =>
  object.metadata.deletionTimestamp !== undefined && (object.metadata.finalizers?.includes(finalizer) ?? false);

const claimKeys = ({ metadata, spec }: Pod): string[] =>
  (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    const claim = persistentVolumeClaim?.claimName ?? (ephemeral ? `${metadata.name}-${name}` : undefined);
    return claim === undefined ? [] : [`${metadata.namespace}/${claim}`];
  });

const isUsing = ({ spec, status }: Pod): boolean =>
  spec.nodeName !== undefined && status?.phase !== "Succeeded" && status?.phase !== "Failed";

/** The API itself is asked for pods that use the claim: what is seen may lag, and a finalizer can't be put back. */
export function claimProtectionController(): Controller<boolean> {
  const claims: Source<PersistentVolumeClaim> = { kind: claimKind, keysOf: (object) => [keyOf(object)] };
  const pods: Source<Pod> = { kind: podKind, keysOf: claimKeys, indexes: { [claimIndex]: claimKeys } };
  return {
    name: "pvc-protection-controller",
    sources: [claims, pods],
    workers: 1,
    async gather(key, view, client) {
      const claim = view.get(claimKind, ...splitKey(key));
      if (!claim || !held(claim, claimFinalizer)) return false;
      if (view.byIndex(podKind, claimIndex, key).some(isUsing)) return true;
      const { items } = await client.list(podKind, { namespace: claim.metadata.namespace });
      return items.some((ref) => claimKeys(ref.object()).includes(key) && isUsing(ref.object()));
    },
    reconcile(key, view, _nowMs, used) {
      const claim = view.get(claimKind, ...splitKey(key));
      if (!claim || !held(claim, claimFinalizer) || used) return { changes: [] };
      const change: Change = { do: "update", kind: claimKind, object: withoutFinalizer(claim, claimFinalizer) };
      return { changes: [change] };
    },
  };
}

const volumes: Source<PersistentVolume> = { kind: volumeKind, keysOf: (object) => [keyOf(object)] };

export const volumeProtectionController: Controller = {
  name: "pv-protection-controller",
  sources: [volumes],
  workers: 1,
  reconcile(key, view) {
    const volume = view.get(volumeKind, undefined, key);
    if (!volume || !held(volume, volumeFinalizer) || volume.status?.phase === "Bound") return { changes: [] };
    return { changes: [{ do: "update", kind: volumeKind, object: withoutFinalizer(volume, volumeFinalizer) }] };
  },
};
