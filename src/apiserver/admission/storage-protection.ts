// StorageObjectInUseProtection and DefaultStorageClass: volumes and claims are not deleted while they are used, and a claim
// without a class gets the default one. May import src/base and src/kinds.
import { storageClass as storageClassKind } from "../../kinds/storage/storage-class.ts";
import type { Draft } from "../../kinds/object.ts";
import type { PersistentVolume, PersistentVolumeClaim } from "../../kinds/types/core-v1.gen.ts";
import type { ObjectReader } from "../object-reader.ts";
import type { AdmissionPlugin } from "../ports.ts";
import { isFor } from "./refuse.ts";

const claimFinalizer = "kubernetes.io/pvc-protection";
const volumeFinalizer = "kubernetes.io/pv-protection";
const defaultClassAnnotations = [
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class",
];

export const storageObjectInUseProtection: AdmissionPlugin = {
  name: "StorageObjectInUseProtection",
  operations: ["CREATE"],
  mutate(context) {
    const claims = isFor(context, "persistentvolumeclaims");
    if (!claims && !isFor(context, "persistentvolumes")) return;
    const { metadata } = context.object as Draft<PersistentVolume>;
    const finalizer = claims ? claimFinalizer : volumeFinalizer;
    if (!metadata!.finalizers?.includes(finalizer)) metadata!.finalizers = [...(metadata!.finalizers ?? []), finalizer];
  },
};

export function defaultStorageClass(reader: ObjectReader): AdmissionPlugin {
  return {
    name: "DefaultStorageClass",
    operations: ["CREATE"],
    mutate(context) {
      if (!isFor(context, "persistentvolumeclaims")) return;
      const { metadata, spec } = context.object as Draft<PersistentVolumeClaim>;
      const named = metadata?.annotations?.["volume.beta.kubernetes.io/storage-class"];
      if (spec?.storageClassName !== undefined || named !== undefined) return;
      // Of several default classes the newest counts, and of equally old ones the first by name.
      const [newest] = reader
        .list(storageClassKind)
        .filter((one) => defaultClassAnnotations.some((key) => one.metadata.annotations?.[key] === "true"))
        .toSorted(
          (a, b) =>
            b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp) ||
            a.metadata.name.localeCompare(b.metadata.name),
        );
      if (newest) spec!.storageClassName = newest.metadata.name;
    },
  };
}
