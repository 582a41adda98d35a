// VolumeZone: the labels of a bound volume that name zones and regions agree with the node's. Source: plugins/volumezone.
// May import src/base, src/kinds.
import type { PersistentVolume } from "../../kinds/types/core-v1.gen.ts";
import { hasLabel } from "./spread-constraints.ts";
import { type MakeFilter, refuse } from "./plugin.ts";
import { storageClassOf } from "./volume-binding.ts";
import { claimNames, claimNotFound } from "./volume-restrictions.ts";

const plugin = "VolumeZone";
const otherZone = refuse(plugin, "node(s) had no available volume zone", true);

/** The names before 1.17, and what they are called now. */
const currentName = new Map([
  ["failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"],
  ["failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"],
]);
const zoneLabels = [...currentName.keys(), ...currentName.values()];

/** "a__b" means either of the two. */
const zonesOf = ({ metadata }: PersistentVolume): readonly (readonly [key: string, values: ReadonlySet<string>])[] =>
  zoneLabels.flatMap((key) => {
    const value = metadata.labels?.[key];
    return value === undefined ? [] : [[key, new Set(value.split("__").map((one) => one.trim()))] as const];
  });

export const volumeZone: MakeFilter = (info, { view }) => {
  const zones: (readonly [key: string, values: ReadonlySet<string>])[] = [];
  for (const name of claimNames(info.pod)) {
    const claim = view.claim(info.namespace, name);
    if (!claim) return claimNotFound(plugin, name);
    const volumeName = claim.spec?.volumeName;
    if (!volumeName) {
      const className = storageClassOf(claim);
      if (!className) return refuse(plugin, "PersistentVolumeClaim had no pv name and storageClass name", true);
      const storageClass = view.storageClass(className);
      if (!storageClass) return refuse(plugin, `storageclass.storage.k8s.io "${className}" not found`, true);
      if (storageClass.volumeBindingMode === "WaitForFirstConsumer") continue;
      return refuse(plugin, "PersistentVolume had no name", true);
    }
    const volume = view.volume(volumeName);
    if (!volume) return refuse(plugin, `persistentvolume "${volumeName}" not found`, true);
    zones.push(...zonesOf(volume));
  }
  if (zones.length === 0) return undefined;
  return {
    plugin,
    check({ node }) {
      if (!zoneLabels.some((key) => hasLabel(node, key))) return undefined;
      const labels = node!.metadata.labels!;
      const agrees = ([key, values]: (typeof zones)[number]): boolean => {
        const value = hasLabel(node, key) ? labels[key] : labels[currentName.get(key) ?? key];
        return value !== undefined && values.has(value);
      };
      return zones.every(agrees) ? undefined : otherZone;
    },
  };
};
