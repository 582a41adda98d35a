// What a pod asks for as a whole: sums over its containers, with init containers, sidecars, overhead and pod-level
// resources. Source: k8s.io/component-helpers/resource; KEP-753, KEP-1287, KEP-2837. May import src/base.
import { addQuantities, compareQuantities, isZeroQuantity, parseQuantity, type Quantity } from "../../base/quantity.ts";
import { getPodCondition } from "./conditions.ts";
import { isSidecar } from "./containers.ts";
import { isPodLevelResource } from "./resource-names.ts";
import type { Container, ContainerStatus, PodSpec, PodStatus } from "../types/core-v1.gen.ts";

export type ResourceList = Readonly<Record<string, string>>;
export type Amounts = Map<string, Quantity>;

export interface PodResourcesOptions {
  /** Takes what is allocated and in force into account too, for pods that are being resized. */
  readonly useStatus?: boolean;
  readonly excludeOverhead?: boolean;
  readonly skipPodLevel?: boolean;
  readonly skipContainerLevel?: boolean;
  /** Requests of containers that name none: the scheduler's scores count with these. */
  readonly nonMissingRequests?: ReadonlyMap<string, Quantity>;
}

/** The pod, or as much of it as there is before it is one. */
export interface PodLike {
  readonly spec?: PodSpec;
  readonly status?: PodStatus;
}

export function amountsOf(list: ResourceList | undefined): Amounts {
  return new Map(Object.entries(list ?? {}).map(([name, text]) => [name, parseQuantity(text)]));
}

function addAmounts(to: Amounts, more: ReadonlyMap<string, Quantity>): void {
  for (const [name, amount] of more) {
    const old = to.get(name);
    to.set(name, old ? addQuantities(old, amount) : amount);
  }
}

function raiseAmounts(to: Amounts, other: ReadonlyMap<string, Quantity>): void {
  for (const [name, amount] of other) {
    const old = to.get(name);
    if (!old || compareQuantities(amount, old) > 0) to.set(name, amount);
  }
}

function maxAmounts(...lists: readonly (ResourceList | undefined)[]): Amounts {
  const result: Amounts = new Map();
  for (const list of lists) raiseAmounts(result, amountsOf(list));
  return result;
}

export const isResizeInfeasible = (status: PodStatus | undefined): boolean =>
  getPodCondition(status, "PodResizePending")?.reason === "Infeasible";

function statusesOf(pod: PodLike): Map<string, ContainerStatus> {
  const all = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  return new Map(all.map((one) => [one.name, one]));
}

type Part = "requests" | "limits";

function containerAmounts(
  container: Container,
  part: Part,
  pod: PodLike,
  status: ContainerStatus | undefined,
): Amounts {
  const spec = container.resources?.[part];
  const actual = status?.resources;
  if (!actual) return amountsOf(spec);
  const allocated = part === "requests" ? status.allocatedResources : undefined;
  if (isResizeInfeasible(pod.status)) return maxAmounts(actual[part], allocated);
  return maxAmounts(spec, actual[part], allocated);
}

function withNonMissing(amounts: Amounts, nonMissing: ReadonlyMap<string, Quantity> | undefined): Amounts {
  if (!nonMissing?.size) return amounts;
  return new Map([...nonMissing, ...amounts]);
}

function aggregate(pod: PodLike, part: Part, options: PodResourcesOptions): Amounts {
  const statuses = options.useStatus ? statusesOf(pod) : undefined;
  const nonMissing = part === "requests" ? options.nonMissingRequests : undefined;
  const of = (container: Container, status: ContainerStatus | undefined): Amounts =>
    withNonMissing(containerAmounts(container, part, pod, status), nonMissing);
  const total: Amounts = new Map();
  for (const container of pod.spec?.containers ?? []) {
    addAmounts(total, of(container, statuses?.get(container.name)));
  }
  // An init container runs beside the sidecars that were started before it, and alone otherwise.
  const sidecars: Amounts = new Map();
  const peak: Amounts = new Map();
  for (const container of pod.spec?.initContainers ?? []) {
    const sidecar = isSidecar(container);
    const own = of(container, sidecar ? statuses?.get(container.name) : undefined);
    if (sidecar) {
      addAmounts(total, own);
      addAmounts(sidecars, own);
      raiseAmounts(peak, sidecars);
    } else {
      const beside = new Map(own);
      addAmounts(beside, sidecars);
      raiseAmounts(peak, beside);
    }
  }
  raiseAmounts(total, peak);
  return total;
}

/** The sum of what the containers ask for, the init containers' peak included; without pod-level amounts, overhead. */
export const aggregateContainerRequests = (pod: PodLike, options: PodResourcesOptions = {}): Amounts =>
  aggregate(pod, "requests", options);
export const aggregateContainerLimits = (pod: PodLike, options: PodResourcesOptions = {}): Amounts =>
  aggregate(pod, "limits", options);

const anyPodLevel = (list: ResourceList | undefined): boolean => Object.keys(list ?? {}).some(isPodLevelResource);

export const isPodLevelRequestsSet = (spec: PodSpec | undefined): boolean => anyPodLevel(spec?.resources?.requests);
export const isPodLevelLimitsSet = (spec: PodSpec | undefined): boolean => anyPodLevel(spec?.resources?.limits);
export const isPodLevelResourcesSet = (spec: PodSpec | undefined): boolean =>
  isPodLevelRequestsSet(spec) || isPodLevelLimitsSet(spec);

function overlayPodLevel(total: Amounts, pod: PodLike, part: Part, useStatus: boolean): void {
  const list = pod.spec?.resources?.[part];
  const actual = useStatus ? pod.status?.resources : undefined;
  const allocated = part === "requests" ? pod.status?.allocatedResources : undefined;
  const effective = actual
    ? isResizeInfeasible(pod.status)
      ? maxAmounts(actual[part], allocated)
      : maxAmounts(list, actual[part], allocated)
    : amountsOf(list);
  for (const name of Object.keys(list ?? {})) {
    const amount = effective.get(name);
    if (isPodLevelResource(name) && amount) total.set(name, amount);
  }
}

/** What the scheduler and quotas reckon with. */
export function podRequests(pod: PodLike, options: PodResourcesOptions = {}): Amounts {
  const total: Amounts = options.skipContainerLevel ? new Map() : aggregateContainerRequests(pod, options);
  if (!options.skipPodLevel && isPodLevelRequestsSet(pod.spec)) {
    overlayPodLevel(total, pod, "requests", options.useStatus ?? false);
  }
  if (!options.excludeOverhead) addAmounts(total, amountsOf(pod.spec?.overhead));
  return total;
}

/** Limits; overhead is added only to those that are set. */
export function podLimits(pod: PodLike, options: PodResourcesOptions = {}): Amounts {
  const total = aggregateContainerLimits(pod, options);
  if (!options.skipPodLevel && isPodLevelResourcesSet(pod.spec)) {
    overlayPodLevel(total, pod, "limits", options.useStatus ?? false);
  }
  if (options.excludeOverhead) return total;
  for (const [name, amount] of amountsOf(pod.spec?.overhead)) {
    const old = total.get(name);
    if (old && !isZeroQuantity(old)) total.set(name, addQuantities(old, amount));
  }
  return total;
}
