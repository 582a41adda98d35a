// A pod's quality of service class. Source: pkg/apis/core/helper/qos, KEP-2837. May import src/base.
import { addQuantities, equalQuantities, parseQuantity, quantitySign, type Quantity } from "../../base/quantity.ts";
import type { PodLike, ResourceList } from "./resources.ts";

export type PodQualityClass = "Guaranteed" | "Burstable" | "BestEffort";

const computeNames = ["cpu", "memory"] as const;

/** Adds the amounts above zero; tells how many of cpu and memory there were. */
function addCompute(sums: Map<string, Quantity>, list: ResourceList | undefined): number {
  let found = 0;
  for (const name of computeNames) {
    const text = list?.[name];
    if (text === undefined) continue;
    const amount = parseQuantity(text);
    if (quantitySign(amount) <= 0) continue;
    found += 1;
    const old = sums.get(name);
    sums.set(name, old ? addQuantities(old, amount) : amount);
  }
  return found;
}

/** The class that the spec gives. Ephemeral containers don't count: they have no resources. */
export function computePodQOS({ spec }: PodLike): PodQualityClass {
  const requests = new Map<string, Quantity>();
  const limits = new Map<string, Quantity>();
  let guaranteed = true;
  if (spec?.resources) {
    addCompute(requests, spec.resources.requests);
    const found = addCompute(limits, spec.resources.limits);
    if (Object.keys(spec.resources.limits ?? {}).length > 0 && found < computeNames.length) guaranteed = false;
  } else {
    for (const container of [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]) {
      addCompute(requests, container.resources?.requests);
      if (addCompute(limits, container.resources?.limits) < computeNames.length) guaranteed = false;
    }
  }
  if (requests.size === 0 && limits.size === 0) return "BestEffort";
  for (const [name, request] of requests) {
    const limit = limits.get(name);
    if (!limit || !equalQuantities(limit, request)) guaranteed = false;
  }
  return guaranteed && requests.size === limits.size ? "Guaranteed" : "Burstable";
}

/** The class as it is written in the status, or computed where it isn't yet. */
export const getPodQOS = (pod: PodLike): string => pod.status?.qosClass || computePodQOS(pod);
