// VolumeRestrictions: a disk that only one pod may write, and a claim that only one pod may use. Source:
// plugins/volumerestrictions; KEP-2485. May import src/base, src/kinds.
import type { Pod, Volume } from "../../kinds/types/core-v1.gen.ts";
import type { PodInfo } from "../pod-info.ts";
import type { NodeEntry, Snapshot } from "../snapshot/snapshot.ts";
import { type MakeFilter, type NodeFilter, refuse, type Refusal } from "./plugin.ts";

const plugin = "VolumeRestrictions";
const diskTaken = refuse(plugin, "node(s) had no available disk");
const claimTaken = refuse(
  plugin,
  "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod",
);

const isRestricted = (volume: Volume): boolean =>
  Boolean(volume.gcePersistentDisk ?? volume.awsElasticBlockStore ?? volume.rbd ?? volume.iscsi);

function clash(one: Volume, other: Volume): boolean {
  const [disk, otherDisk] = [one.gcePersistentDisk, other.gcePersistentDisk];
  if (disk && otherDisk && disk.pdName === otherDisk.pdName && !(disk.readOnly && otherDisk.readOnly)) return true;
  const [store, otherStore] = [one.awsElasticBlockStore, other.awsElasticBlockStore];
  if (store && otherStore && store.volumeID === otherStore.volumeID) return true;
  const [iscsi, otherIscsi] = [one.iscsi, other.iscsi];
  if (iscsi && otherIscsi && iscsi.iqn === otherIscsi.iqn && !(iscsi.readOnly && otherIscsi.readOnly)) return true;
  const [rbd, otherRbd] = [one.rbd, other.rbd];
  if (!rbd || !otherRbd || (rbd.readOnly && otherRbd.readOnly)) return false;
  const sameImage = rbd.image === otherRbd.image && (rbd.pool ?? "rbd") === (otherRbd.pool ?? "rbd");
  return sameImage && rbd.monitors.some((monitor) => otherRbd.monitors.includes(monitor));
}

/** Whether both can't have their disks on one node. */
export const disksClash = (pod: Pod, other: Pod): boolean =>
  (pod.spec?.volumes ?? []).some(
    (volume) => isRestricted(volume) && (other.spec?.volumes ?? []).some((theirs) => clash(volume, theirs)),
  );

export const claimNames = (pod: Pod): string[] =>
  (pod.spec?.volumes ?? []).flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []);

export const claimNotFound = (by: typeof plugin | "VolumeBinding" | "VolumeZone", name: string): Refusal =>
  refuse(by, `persistentvolumeclaim "${name}" not found`, true);

export const volumeRestrictions: MakeFilter = (info, { snapshot, view }) => {
  const exclusive = new Set<string>();
  for (const name of claimNames(info.pod)) {
    const claim = view.claim(info.namespace, name);
    if (!claim) return claimNotFound(plugin, name);
    if (claim.spec?.accessModes?.includes("ReadWriteOncePod")) exclusive.add(name);
  }
  const restricted = (info.pod.spec?.volumes ?? []).some(isRestricted);
  const filter = new RestrictionsFilter(info, snapshot, exclusive, restricted);
  return restricted || filter.isTaken ? filter : undefined;
};

class RestrictionsFilter implements NodeFilter {
  readonly plugin = plugin;
  readonly #info: PodInfo;
  readonly #exclusive: ReadonlySet<string>;
  readonly #restricted: boolean;
  #users = 0;

  constructor(info: PodInfo, snapshot: Snapshot, exclusive: ReadonlySet<string>, restricted: boolean) {
    this.#info = info;
    this.#exclusive = exclusive;
    this.#restricted = restricted;
    for (const name of exclusive) {
      if (snapshot.usersOfClaim(info.namespace, name) > 0) this.#users += 1;
    }
  }

  get isTaken(): boolean {
    return this.#users > 0;
  }

  check(entry: NodeEntry): Refusal | undefined {
    if (this.#restricted) {
      for (const other of entry.pods.values()) {
        if (disksClash(this.#info.pod, other.pod)) return diskTaken;
      }
    }
    return this.isTaken ? claimTaken : undefined;
  }

  podChanged(other: PodInfo, _entry: NodeEntry, sign: 1 | -1): void {
    if (other.namespace !== this.#info.namespace) return;
    for (const name of claimNames(other.pod)) {
      if (this.#exclusive.has(name)) this.#users += sign;
    }
  }
}
