// Whether a write fits into a namespace's quotas, and what they would say is used afterwards. Pure. Upstream:
// k8s.io/apiserver/pkg/admission/plugin/resourcequota (CheckRequest). May import src/base and src/kinds.
import type { KubernetesObject } from "../../../kinds/object.ts";
import { type Amounts, amountsOf } from "../../../kinds/pod/resources.ts";
import { type Evaluator, matchesQuota, type QuotaFacts } from "../../../kinds/quota/evaluator.ts";
import {
  addAmounts,
  dropZeros,
  exceededNames,
  maskAmounts,
  negativeNames,
  printAmounts,
  printNames,
  type ReadonlyAmounts,
  resourceListOf,
  subtractAmounts,
} from "../../../kinds/quota/quota-amounts.ts";
import type { ResourceQuota } from "../../../kinds/types/core-v1.gen.ts";
import type { AdmissionContext } from "../../ports.ts";
import { refuse } from "../refuse.ts";

/** What a write takes of one quota. */
export interface Charge {
  readonly quota: ResourceQuota;
  readonly amounts: Amounts;
}

const usedOf = ({ status }: ResourceQuota): Amounts => amountsOf(status?.used);
const hardOf = ({ status }: ResourceQuota): Amounts => amountsOf(status?.hard);

/** The quota with another status.used. */
export const withUsed = (quota: ResourceQuota, used: ReadonlyAmounts): ResourceQuota => ({
  ...quota,
  status: { ...quota.status, used: resourceListOf(used) },
});
export const charged = (quota: ResourceQuota, amounts: ReadonlyAmounts): ResourceQuota =>
  withUsed(quota, addAmounts(usedOf(quota), amounts));
/** What was charged is given back. */
export const released = (quota: ResourceQuota, amounts: ReadonlyAmounts): ResourceQuota => {
  const used = usedOf(quota);
  return withUsed(quota, maskAmounts(subtractAmounts(used, amounts), used.keys()));
};

/** The quotas that count something of the object. Throws 403 where one can't be judged yet, or the object says too little. */
function concernedQuotas(
  quotas: readonly ResourceQuota[],
  context: AdmissionContext,
  evaluator: Evaluator,
  facts: QuotaFacts,
): ResourceQuota[] {
  const object = context.object as unknown as KubernetesObject;
  return quotas.filter((quota) => {
    if (!matchesQuota(evaluator, quota, object, facts)) return false;
    const { name } = quota.metadata;
    const limited = evaluator.matchingResources(Object.keys(quota.status?.hard ?? {}), facts);
    const missing = evaluator.missing(limited, object);
    if (missing) throw refuse(context, `failed quota: ${name}: ${missing}`);
    const used = quota.status?.used ?? {};
    if (limited.some((resource) => !Object.hasOwn(used, resource))) {
      throw refuse(context, `status unknown for quota: ${name}, resources: ${printNames(limited)}`);
    }
    return true;
  });
}

/** The amounts that the write takes, unless it is an update of what the quota counts already: then the difference. */
function deltaFor(
  quota: ResourceQuota,
  usage: Amounts,
  context: AdmissionContext,
  evaluator: Evaluator,
  facts: QuotaFacts,
): Amounts {
  const old = context.oldObject;
  if (context.operation !== "UPDATE" || !old || !matchesQuota(evaluator, quota, old, facts)) return usage;
  return subtractAmounts(usage, evaluator.usage(old, facts));
}

/** What the write takes of each quota; only what is more than nothing. Throws 403 where there isn't enough. */
export function checkQuotas(
  quotas: readonly ResourceQuota[],
  context: AdmissionContext,
  evaluator: Evaluator,
  facts: QuotaFacts,
): Charge[] {
  const concerned = concernedQuotas(quotas, context, evaluator, facts);
  if (concerned.length === 0) return [];
  const usage = evaluator.usage(context.object as unknown as KubernetesObject, facts);
  const negative = negativeNames(usage);
  if (negative.length > 0) throw refuse(context, `quota usage is negative for resource(s): ${printNames(negative)}`);
  return concerned.flatMap((quota) => {
    const hard = hardOf(quota);
    const delta = dropZeros(deltaFor(quota, usage, context, evaluator, facts));
    const amounts = maskAmounts(delta, hard.keys());
    if (amounts.size === 0) return [];
    const used = usedOf(quota);
    const after = maskAmounts(addAmounts(used, amounts), amounts.keys());
    const exceeded = context.subresource === "status" ? [] : exceededNames(after, hard);
    if (exceeded.length === 0) return [{ quota, amounts }];
    const [requested, before, limited] = [amounts, used, hard].map((one) => printAmounts(maskAmounts(one, exceeded)));
    const why = `requested: ${requested}, used: ${before}, limited: ${limited}`;
    throw refuse(context, `exceeded quota: ${quota.metadata.name}, ${why}`);
  });
}
