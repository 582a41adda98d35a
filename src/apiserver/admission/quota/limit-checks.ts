// What a LimitRange's items say against a pod or a claim, in upstream's words. Source: plugin/pkg/admission/limitranger.
// May import src/base and src/kinds.
import {
  parseQuantity,
  printQuantity,
  type Quantity,
  quantityMilliValue,
  quantityValue,
  zeroQuantity,
} from "../../../base/quantity.ts";
import {
  aggregateContainerLimits,
  aggregateContainerRequests,
  type Amounts,
  amountsOf,
} from "../../../kinds/pod/resources.ts";
import type { LimitRangeItem, PersistentVolumeClaim, Pod } from "../../../kinds/types/core-v1.gen.ts";

/** Above this, upstream compares whole units, since thousandths would not fit an int64. */
const milliMax = 9_223_372_036_854_775n;

/** What a container, a pod or a claim asks for. */
interface Asked {
  readonly requests: Amounts;
  readonly limits: Amounts;
}
type Check = (type: string, name: string, enforced: Quantity, asked: Asked) => string | undefined;

/** All at the same precision: thousandths where they fit. */
function comparable(quantities: readonly (Quantity | undefined)[]): bigint[] {
  const all = quantities.map((one) => one ?? zeroQuantity);
  const fine = all.every((one) => quantityValue(one) <= milliMax);
  return all.map(fine ? quantityMilliValue : quantityValue);
}

const checkMin: Check = (type, name, enforced, { requests, limits }) => {
  const [request, limit] = [requests.get(name), limits.get(name)];
  const [asked, bound, least] = comparable([request, limit, enforced]);
  const begin = `minimum ${name} usage per ${type} is ${printQuantity(enforced)}`;
  if (!request) return `${begin}.  No request is specified`;
  if (asked! < least!) return `${begin}, but request is ${printQuantity(request)}`;
  if (limit && bound! < least!) return `${begin}, but limit is ${printQuantity(limit)}`;
  return undefined;
};

const checkMax: Check = (type, name, enforced, { requests, limits }) => {
  const [request, limit] = [requests.get(name), limits.get(name)];
  const [asked, bound, most] = comparable([request, limit, enforced]);
  const begin = `maximum ${name} usage per ${type} is ${printQuantity(enforced)}`;
  if (!limit) return `${begin}.  No limit is specified`;
  if (bound! > most!) return `${begin}, but limit is ${printQuantity(limit)}`;
  if (request && asked! > most!) return `${begin}, but request is ${printQuantity(request)}`;
  return undefined;
};

/** For what knows no limits: claims. */
const checkMaxRequest: Check = (type, name, enforced, { requests }) => {
  const request = requests.get(name);
  const [asked, most] = comparable([request, enforced]);
  const begin = `maximum ${name} usage per ${type} is ${printQuantity(enforced)}`;
  if (!request) return `${begin}.  No request is specified`;
  return asked! > most! ? `${begin}, but request is ${printQuantity(request)}` : undefined;
};

const checkRatio: Check = (type, name, enforced, { requests, limits }) => {
  const [asked, bound] = comparable([requests.get(name), limits.get(name), enforced]);
  const begin = `${name} max limit to request ratio per ${type} is ${printQuantity(enforced)}`;
  if (!asked) return `${begin}, but no request is specified or request is 0`;
  if (!bound) return `${begin}, but no limit is specified or limit is 0`;
  const ratio = Number(bound) / Number(asked);
  const whole = quantityValue(enforced);
  const exceeded = whole <= milliMax ? ratio * 1000 > Number(quantityMilliValue(enforced)) : ratio > Number(whole);
  return exceeded ? `${begin}, but provided ratio is ${ratio.toFixed(6)}` : undefined;
};

type Bounds = Readonly<Record<string, string>> | undefined;

const runCheck = (check: Check, type: string, bounds: Bounds, asked: Asked): string[] =>
  Object.keys(bounds ?? {})
    .toSorted()
    .flatMap((name) => check(type, name, parseQuantity(bounds![name]!), asked) ?? []);

const checkItem = (item: LimitRangeItem, asked: Asked): string[] => [
  ...runCheck(checkMin, item.type, item.min, asked),
  ...runCheck(checkMax, item.type, item.max, asked),
  ...runCheck(checkRatio, item.type, item.maxLimitRequestRatio, asked),
];

/** The containers' sums, without overhead; cpu and memory as the pod asks for them, where it does. */
function askedByPod({ spec }: Pod): Asked {
  const pod = { spec };
  const asked = { requests: aggregateContainerRequests(pod), limits: aggregateContainerLimits(pod) };
  for (const part of ["requests", "limits"] as const) {
    for (const [name, amount] of amountsOf(spec.resources?.[part])) {
      if (name === "cpu" || name === "memory") asked[part].set(name, amount);
    }
  }
  return asked;
}

/** What is wrong with the pod; upstream's order. */
export function checkPod(pod: Pod, items: readonly LimitRangeItem[]): string[] {
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].map(({ resources }): Asked => {
    return { requests: amountsOf(resources?.requests), limits: amountsOf(resources?.limits) };
  });
  return items.flatMap((item) => {
    if (item.type === "Container") return containers.flatMap((asked) => checkItem(item, asked));
    return item.type === "Pod" ? checkItem(item, askedByPod(pod)) : [];
  });
}

/** What is wrong with the claim. Only requests count. */
export function checkClaim({ spec }: PersistentVolumeClaim, items: readonly LimitRangeItem[]): string[] {
  const asked: Asked = { requests: amountsOf(spec?.resources?.requests), limits: new Map() };
  return items
    .filter(({ type }) => type === "PersistentVolumeClaim")
    .flatMap((item) => [
      ...runCheck(checkMin, item.type, item.min, asked),
      ...runCheck(checkMaxRequest, item.type, item.max, asked),
    ]);
}
