// Names of resources that containers ask for, and what each allows. Source: pkg/apis/core/helper. May import src/base.
import { quantityMilliValue, quantitySign, quantityValue, tryParseQuantity } from "../../base/quantity.ts";
import { isQualifiedName } from "../meta/names.ts";

const hugePagesPrefix = "hugepages-";
const requestsPrefix = "requests.";

export const isHugePages = (name: string): boolean => name.startsWith(hugePagesPrefix);
/** Upstream looks for the domain anywhere in the name. */
export const isNativeResource = (name: string): boolean => !name.includes("/") || name.includes("kubernetes.io/");
export const isOvercommitAllowed = (name: string): boolean => isNativeResource(name) && !isHugePages(name);

export function isExtendedResource(name: string): boolean {
  if (isNativeResource(name) || name.startsWith(requestsPrefix)) return false;
  return isQualifiedName(requestsPrefix + name).length === 0;
}

const objectCounts = [
  "pods",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
  "services.nodeports",
  "services.loadbalancers",
];
const computeNames = ["cpu", "memory", "ephemeral-storage"];
const containerNames = new Set(computeNames);
const integerNames = new Set(objectCounts);
const standardNames = new Set([
  ...computeNames,
  ...computeNames.flatMap((name) => [`requests.${name}`, `limits.${name}`]),
  ...objectCounts,
  "storage",
  "requests.storage",
]);

export const isIntegerResource = (name: string): boolean => integerNames.has(name) || isExtendedResource(name);
export const isStandardResource = (name: string): boolean =>
  standardNames.has(name) || isHugePages(name) || name.startsWith(requestsPrefix + hugePagesPrefix);
export const isStandardContainerResource = (name: string): boolean => containerNames.has(name) || isHugePages(name);

/** What may be asked for a pod as a whole (KEP-2837). */
export const isPodLevelResource = (name: string): boolean => name === "cpu" || name === "memory" || isHugePages(name);
export const podLevelResources = ["cpu", hugePagesPrefix, "memory"] as const;

/** Whether an amount is a whole number of pages of the size in the name. */
export function isHugePagesDivisible(name: string, amount: string): boolean {
  const size = tryParseQuantity(name.slice(hugePagesPrefix.length));
  const quantity = tryParseQuantity(amount);
  if (!size || !quantity || quantitySign(size) <= 0 || quantityMilliValue(size) % 1000n !== 0n) return false;
  return quantityValue(quantity) % quantityValue(size) === 0n;
}
