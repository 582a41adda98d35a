// What objects use of a quota: counts of any kind, and of pods, services and claims what they ask for. The controller that
// adds up and the admission that refuses reckon alike. Source: pkg/quota/v1/evaluator/core. May import src/base.
import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  type Quantity,
  quantityOf,
  roundUpQuantity,
} from "../../base/quantity.ts";
import type { KubernetesObject } from "../object.ts";
import { isPodTerminal } from "../pod/conditions.ts";
import { isHugePages, isNativeResource } from "../pod/resource-names.ts";
import { type Amounts, podLimits, podRequests } from "../pod/resources.ts";
import type { PersistentVolumeClaim, Pod, Service } from "../types/core-v1.gen.ts";

/** As much of a kind as names it: group and plural. */
export interface CountedKind {
  readonly group: string;
  readonly plural: string;
}

const one = quantityOf(1);
const storageClassPart = ".storageclass.storage.k8s.io/";
const requestsPrefix = "requests.";
const podNames = new Set([
  "pods",
  "cpu",
  "memory",
  "ephemeral-storage",
  ...["cpu", "memory", "ephemeral-storage"].flatMap((name) => [`requests.${name}`, `limits.${name}`]),
]);
const serviceNames = new Set(["services", "services.nodeports", "services.loadbalancers"]);
const claimNames = ["persistentvolumeclaims", "requests.storage"];
/** Kinds that are also counted under their bare names. */
const aliases = new Set(["configmaps", "resourcequotas", "replicationcontrollers", "secrets"]);

export const countName = ({ group, plural }: CountedKind): string => `count/${plural}${group ? `.${group}` : ""}`;

/** Whether objects of the kind count towards that resource of a quota. */
export function countsTowards(kind: CountedKind, name: string): boolean {
  if (name === countName(kind)) return true;
  if (kind.group !== "") return false;
  switch (kind.plural) {
    case "pods": {
      const huge = isHugePages(name) || name.startsWith("requests.hugepages-");
      const extended = name.startsWith(requestsPrefix) && !isNativeResource(name);
      return podNames.has(name) || huge || (extended && !name.includes(storageClassPart));
    }
    case "services":
      return serviceNames.has(name);
    case "persistentvolumeclaims":
      return claimNames.some((resource) => name === resource || name.endsWith(storageClassPart + resource));
    default:
      return aliases.has(kind.plural) && name === kind.plural;
  }
}

/** Finished pods, and those that should be gone by now, use nothing but their own existence. */
export function isPodCharged(pod: Pod, nowMs: number): boolean {
  if (isPodTerminal(pod)) return false;
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
  if (!deletionTimestamp || deletionGracePeriodSeconds === undefined) return true;
  return nowMs <= Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}

/** What these requests and limits use of a quota: of one pod, or of one container. */
export function computeUsage(requests: Amounts, limits: Amounts): Amounts {
  const result: Amounts = new Map([["pods", one]]);
  for (const name of ["cpu", "memory", "ephemeral-storage"]) {
    const [request, limit] = [requests.get(name), limits.get(name)];
    if (request) result.set(name, request).set(requestsPrefix + name, request);
    if (limit) result.set(`limits.${name}`, limit);
  }
  for (const [name, amount] of requests) {
    if (isHugePages(name)) result.set(name, amount);
    if (isHugePages(name) || !isNativeResource(name)) result.set(requestsPrefix + name, amount);
  }
  return result;
}

function podUsage(pod: Pod, nowMs: number): Amounts {
  if (!isPodCharged(pod, nowMs)) return new Map();
  return computeUsage(podRequests(pod, { useStatus: true }), podLimits(pod, { useStatus: true }));
}

function serviceUsage({ spec }: Service): Amounts {
  const ports = spec?.ports ?? [];
  const balances = spec?.type === "LoadBalancer";
  const allocates = spec?.type === "NodePort" || (balances && spec.allocateLoadBalancerNodePorts !== false);
  const nodePorts = allocates ? ports.length : balances ? ports.filter(({ nodePort }) => nodePort).length : 0;
  return new Map([
    ["services", one],
    ["services.nodeports", quantityOf(nodePorts)],
    ["services.loadbalancers", quantityOf(Number(balances))],
  ]);
}

function storageOf({ spec, status }: PersistentVolumeClaim): Quantity | undefined {
  const asked = spec?.resources?.requests?.["storage"];
  if (asked === undefined) return undefined;
  const request = roundUpQuantity(parseQuantity(asked), 0);
  const given = status?.allocatedResources?.["storage"];
  const allocated = given === undefined ? request : roundUpQuantity(parseQuantity(given), 0);
  return compareQuantities(allocated, request) > 0 ? allocated : request;
}

function claimUsage(claim: PersistentVolumeClaim): Amounts {
  const result: Amounts = new Map([["persistentvolumeclaims", one]]);
  const storage = storageOf(claim);
  if (storage) result.set("requests.storage", storage);
  const annotated = claim.metadata.annotations?.["volume.beta.kubernetes.io/storage-class"];
  const storageClass = annotated ?? claim.spec?.storageClassName;
  if (!storageClass) return result;
  for (const [name, amount] of new Map(result)) result.set(storageClass + storageClassPart + name, amount);
  return result;
}

/** What one object uses, by the names that quotas limit. */
export function usageOf(kind: CountedKind, object: KubernetesObject, nowMs: number): Amounts {
  let usage: Amounts = new Map();
  if (kind.group === "") {
    if (kind.plural === "pods") usage = podUsage(object as Pod, nowMs);
    else if (kind.plural === "services") usage = serviceUsage(object as Service);
    else if (kind.plural === "persistentvolumeclaims") usage = claimUsage(object as PersistentVolumeClaim);
    else if (aliases.has(kind.plural)) usage = new Map([[kind.plural, one]]);
  }
  return usage.set(countName(kind), one);
}

export function addUsage(total: Amounts, more: Amounts): void {
  for (const [name, amount] of more) {
    const old = total.get(name);
    total.set(name, old ? addQuantities(old, amount) : amount);
  }
}
