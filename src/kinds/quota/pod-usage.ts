// What a pod uses as quotas count it. Source: pkg/quota/v1/evaluator/core/pods.go. May import src/base.
import { quantityOf } from "../../base/quantity.ts";
import { isExtendedResource, isHugePages } from "../pod/resource-names.ts";
import { type Amounts, amountsOf, podLimits, podRequests, type ResourceList } from "../pod/resources.ts";
import type { Pod } from "../types/core-v1.gen.ts";
import { objectCountName } from "./evaluator.ts";
import { addAmounts, type ReadonlyAmounts } from "./quota-amounts.ts";

export const podCountName = objectCountName("", "pods");
export const requestsPrefix = "requests.";
/** The extended resource that every device class has without being asked (KEP-5004). */
export const deviceClassPrefix = "deviceclass.resource.kubernetes.io/";
const computeNames = ["cpu", "memory", "ephemeral-storage"];

function computeUsage(requests: ReadonlyAmounts, limits: ReadonlyAmounts): Amounts {
  const usage: Amounts = new Map([["pods", quantityOf(1)]]);
  for (const name of computeNames) {
    const request = requests.get(name);
    if (request) usage.set(name, request).set(requestsPrefix + name, request);
    const limit = limits.get(name);
    if (limit) usage.set(`limits.${name}`, limit);
  }
  for (const [name, request] of requests) {
    if (isHugePages(name)) usage.set(name, request).set(requestsPrefix + name, request);
    if (isExtendedResource(name) || name.startsWith(deviceClassPrefix)) usage.set(requestsPrefix + name, request);
  }
  return usage;
}

/** The names of what a container asks for, as quotas call them. */
export const namesOfContainer = (requests: ResourceList | undefined, limits: ResourceList | undefined): Set<string> =>
  new Set(computeUsage(amountsOf(requests), amountsOf(limits)).keys());

/** A pod that has ended, or should have been gone for its grace period, is there, but uses nothing. */
function isCharged({ metadata, status }: Pod, nowMs: number): boolean {
  if (status?.phase === "Failed" || status?.phase === "Succeeded") return false;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return true;
  return nowMs <= Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}

export function podUsage(pod: Pod, nowMs: number): Amounts {
  const count: Amounts = new Map([[podCountName, quantityOf(1)]]);
  if (!isCharged(pod, nowMs)) return count;
  const options = { useStatus: true };
  return addAmounts(count, computeUsage(podRequests(pod, options), podLimits(pod, options)));
}
