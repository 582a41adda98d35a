// What quotas count of resource claims: themselves, and devices by class, the worst case of them; also under the names of
// the extended resources that classes stand for, as far as a pod isn't charged for them already.
// Source: pkg/quota/v1/evaluator/core/resource_claims.go; KEP-4381, KEP-5004. May import src/base.
import { compareQuantities, type Quantity, quantityOf, quantitySign, subtractQuantities } from "../../base/quantity.ts";
import { pod as podKind } from "../core/pod.ts";
import { getControllerOf } from "../pod/ownership.ts";
import type { Amounts } from "../pod/resources.ts";
import { deviceClass as deviceClassKind } from "../resource/device-class.ts";
import { resourceClaim as resourceClaimKind } from "../resource/resource-claim.ts";
import type { DeviceRequest, ResourceClaim } from "../types/resource-v1.gen.ts";
import { type Evaluator, objectCountName, type QuotaFacts, type QuotaReader } from "./evaluator.ts";
import { isExtendedQuotaName } from "./pod-evaluator.ts";
import { deviceClassPrefix, podUsage, requestsPrefix } from "./pod-usage.ts";
import { addAmounts } from "./quota-amounts.ts";

const countName = objectCountName("resource.k8s.io", "resourceclaims");
const devicesSuffix = ".deviceclass.resource.k8s.io/devices";
/** A claim that the scheduler made for a pod's extended resources. */
const extendedClaimAnnotation = "resource.kubernetes.io/extended-resource-claim";
/** Upstream's AllocationResultsMaxSize: as many devices as "All" may come to. */
const devicesMax = 32;

interface Asked {
  readonly deviceClassName: string;
  readonly allocationMode?: string;
  readonly count?: number;
}

function countDevices({ allocationMode = "ExactCount", count = 1 }: Asked): Quantity {
  if (allocationMode === "ExactCount") return quantityOf(count);
  return quantityOf(allocationMode === "All" ? devicesMax : 0);
}

/** Of alternatives, the most devices that each class may have to give. */
function devicesOf({ exactly, firstAvailable = [] }: DeviceRequest): Amounts {
  const devices: Amounts = new Map();
  for (const asked of firstAvailable.length > 0 ? firstAvailable : exactly ? [exactly] : []) {
    const name = asked.deviceClassName + devicesSuffix;
    const amount = countDevices(asked);
    const known = devices.get(name);
    const exact = firstAvailable.length === 0;
    if (exact || compareQuantities(amount, known ?? quantityOf(0)) > 0) devices.set(name, amount);
  }
  return devices;
}

const extendedNameOf = (reader: QuotaReader, className: string): string =>
  reader.get(deviceClassKind, "", className)?.spec.extendedResourceName ?? "";

/** Whether a device class gives such an extended resource, by the name that it chose or by its own. */
function isGiven(reader: QuotaReader, extended: string): boolean {
  if (extended.startsWith(deviceClassPrefix)) {
    return reader.get(deviceClassKind, "", extended.slice(deviceClassPrefix.length)) !== undefined;
  }
  return reader.list(deviceClassKind).some(({ spec }) => spec.extendedResourceName === extended);
}

function counts(name: string, { reader }: QuotaFacts): boolean {
  if (name === countName || name.endsWith(devicesSuffix)) return true;
  const implicit = requestsPrefix + deviceClassPrefix;
  if (name.startsWith(implicit) && extendedNameOf(reader, name.slice(implicit.length)) !== "") return true;
  return isExtendedQuotaName(name) && isGiven(reader, name.slice(requestsPrefix.length));
}

/** What the claim's pod is charged for, where the claim is that pod's one claim for extended resources. */
function usageOfPod(claim: ResourceClaim, { reader, nowMs }: QuotaFacts): Amounts {
  const none: Amounts = new Map();
  const { namespace = "", name, annotations, creationTimestamp } = claim.metadata;
  const owner = getControllerOf(claim);
  if (annotations?.[extendedClaimAnnotation] !== "true") return none;
  if (owner?.kind !== "Pod" || owner.apiVersion !== "v1") return none;
  const pod = reader.get(podKind, namespace, owner.name);
  if (pod?.metadata.uid !== owner.uid) return none;
  const told = pod.status?.extendedResourceClaimStatus;
  if (told) return told.resourceClaimName === name ? podUsage(pod, nowMs) : none;
  // As long as the pod doesn't say which claim is its own, the oldest is.
  const isEarlier = ({ metadata }: ResourceClaim): boolean =>
    metadata.annotations?.[extendedClaimAnnotation] === "true" &&
    (metadata.creationTimestamp < creationTimestamp ||
      (metadata.creationTimestamp === creationTimestamp && metadata.name < name));
  const others = reader.list(resourceClaimKind, namespace).filter((one) => getControllerOf(one)?.uid === owner.uid);
  return others.some(isEarlier) ? none : podUsage(pod, nowMs);
}

/** The devices once more, under the names of extended resources. */
function extendedUsage(devices: Amounts, claim: ResourceClaim, facts: QuotaFacts): Amounts {
  const charged = usageOfPod(claim, facts);
  const usage: Amounts = new Map();
  for (const [name, amount] of devices) {
    const className = name.slice(0, -devicesSuffix.length);
    if (!className) continue;
    const extended = extendedNameOf(facts.reader, className);
    usage.set(requestsPrefix + deviceClassPrefix + className, amount);
    if (extended) usage.set(requestsPrefix + extended, amount);
  }
  for (const [name, amount] of usage) {
    const already = charged.get(name);
    const left = already ? subtractQuantities(amount, already) : amount;
    if (quantitySign(left) > 0) usage.set(name, left);
    else usage.delete(name);
  }
  return usage;
}

export const deviceClaimEvaluator: Evaluator = {
  group: "resource.k8s.io",
  resource: "resourceclaims",
  handles: ({ subresource }) => subresource === "",
  matchingResources: (limited, facts) => limited.filter((name) => counts(name, facts)),
  matchesScope: () => false,
  missing: () => undefined,
  usage(object, facts) {
    const claim = object as ResourceClaim;
    let devices: Amounts = new Map();
    for (const request of claim.spec.devices?.requests ?? []) devices = addAmounts(devices, devicesOf(request));
    return new Map([[countName, quantityOf(1)], ...devices, ...extendedUsage(devices, claim, facts)]);
  },
};
