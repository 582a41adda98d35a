// What quotas count of persistent volume claims: themselves and their storage, in all and by storage class.
// Source: pkg/quota/v1/evaluator/core. May import src/base.
import { compareQuantities, parseQuantity, type Quantity, quantityOf, roundUpQuantity } from "../../base/quantity.ts";
import type { Amounts } from "../pod/resources.ts";
import type { PersistentVolumeClaim } from "../types/core-v1.gen.ts";
import { type Evaluator, matchesNames, objectCountName } from "./evaluator.ts";

const countName = objectCountName("", "persistentvolumeclaims");
const claimsName = "persistentvolumeclaims";
const storageName = "requests.storage";
const classSuffix = ".storageclass.storage.k8s.io/";
const classAnnotation = "volume.beta.kubernetes.io/storage-class";

function counts(name: string): boolean {
  if (name === countName || name === claimsName || name === storageName) return true;
  return name.endsWith(classSuffix + claimsName) || name.endsWith(classSuffix + storageName);
}

const storageClassOf = ({ metadata, spec }: PersistentVolumeClaim): string =>
  metadata.annotations?.[classAnnotation] ?? spec?.storageClassName ?? "";

/** What was asked for, or what is allocated already where that is more (KEP-1790), in whole bytes. */
function storageOf({ spec, status }: PersistentVolumeClaim): Quantity | undefined {
  const asked = spec?.resources?.requests?.["storage"];
  if (asked === undefined) return undefined;
  const request = roundUpQuantity(parseQuantity(asked), 0);
  const allocated = status?.allocatedResources?.["storage"];
  if (allocated === undefined) return request;
  const other = roundUpQuantity(parseQuantity(allocated), 0);
  return compareQuantities(other, request) > 0 ? other : request;
}

/** The classes that the claim has, had, or is on its way to. */
function attributesClassesOf({ spec, status }: PersistentVolumeClaim): string[] {
  const target = status?.modifyVolumeStatus?.targetVolumeAttributesClassName;
  const names = [spec?.volumeAttributesClassName, status?.currentVolumeAttributesClassName, target];
  return [...new Set(names.filter((name): name is string => name !== undefined && name !== ""))].toSorted();
}

function mayReplenish(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): boolean {
  if (claim.status?.allocatedResources?.["storage"] !== old.status?.allocatedResources?.["storage"]) return true;
  return attributesClassesOf(claim).join() !== attributesClassesOf(old).join();
}

export const claimEvaluator: Evaluator = {
  group: "",
  resource: "persistentvolumeclaims",
  handles({ subresource, object, oldObject }) {
    if (subresource === "") return true;
    if (subresource !== "status" || !oldObject) return false;
    return mayReplenish(object as PersistentVolumeClaim, oldObject as PersistentVolumeClaim);
  },
  matchingResources: (limited) => limited.filter(counts),
  matchesScope(requirement, object) {
    if (requirement.scopeName !== "VolumeAttributesClass") return false;
    return matchesNames(requirement, attributesClassesOf(object as PersistentVolumeClaim));
  },
  missing: () => undefined,
  usage(object) {
    const claim = object as PersistentVolumeClaim;
    const usage: Amounts = new Map([
      [claimsName, quantityOf(1)],
      [countName, quantityOf(1)],
    ]);
    const storageClass = storageClassOf(claim);
    if (storageClass) usage.set(storageClass + classSuffix + claimsName, quantityOf(1));
    const storage = storageOf(claim);
    if (!storage) return usage;
    usage.set(storageName, storage);
    if (storageClass) usage.set(storageClass + classSuffix + storageName, storage);
    return usage;
  },
};
