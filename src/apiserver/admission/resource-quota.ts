// ResourceQuota: refuses what a namespace's quotas have no room for, and charges the rest to their status before it is
// written. Upstream: k8s.io/apiserver/pkg/admission/plugin/resourcequota. The last validating plugin: what others refuse
// must not be charged. May import src/base and src/kinds.
import type { KubernetesObject } from "../../kinds/object.ts";
import { evaluatorOf } from "../../kinds/quota/evaluators.ts";
import type { ObjectReader } from "../object-reader.ts";
import type { AdmissionPlugin } from "../ports.ts";
import { QuotaLedger, type UpdateQuotaStatus } from "./quota/quota-ledger.ts";

export type { UpdateQuotaStatus } from "./quota/quota-ledger.ts";

/** `updateStatus` writes a quota's status optimistically; undefined: somebody else was faster, or the quota is gone. */
export function resourceQuota(reader: ObjectReader, updateStatus: UpdateQuotaStatus): AdmissionPlugin {
  const ledger = new QuotaLedger(reader, updateStatus);
  return {
    name: "ResourceQuota",
    operations: ["CREATE", "UPDATE"],
    validate(context) {
      const { namespace, operation, resource, subresource, object, oldObject, kind } = context;
      // A namespace's own quotas don't count the namespace when it is made.
      if (namespace === "" || (operation === "CREATE" && kind.kind === "Namespace" && kind.group === "")) return;
      const evaluator = evaluatorOf(resource.group, resource.resource);
      if (!evaluator || !object || (operation !== "CREATE" && operation !== "UPDATE")) return;
      const written = object as unknown as KubernetesObject;
      if (!evaluator.handles({ operation, subresource, object: written, oldObject })) return;
      if (ledger.quotas(namespace).length === 0) return;
      return ledger.admit(context, evaluator);
    },
    finish(context, succeeded) {
      if (!succeeded) ledger.giveBack(context);
    },
  };
}
