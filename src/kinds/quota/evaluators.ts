// Which evaluator counts a resource. Source: pkg/quota/v1/install and evaluator/core/registry.go. May import src/base.
import { claimEvaluator } from "./claim-evaluator.ts";
import { deviceClaimEvaluator } from "./device-claim-evaluator.ts";
import type { Evaluator } from "./evaluator.ts";
import { objectCountEvaluator } from "./object-count-evaluator.ts";
import { podEvaluator } from "./pod-evaluator.ts";
import { serviceEvaluator } from "./service-evaluator.ts";

const keyOf = (group: string, resource: string): string => `${group}/${resource}`;

/** Those that count more than objects, and those whose count has an old name, too. */
const special = [
  podEvaluator,
  serviceEvaluator,
  claimEvaluator,
  deviceClaimEvaluator,
  ...["configmaps", "resourcequotas", "replicationcontrollers", "secrets"].map((resource) =>
    objectCountEvaluator("", resource, resource),
  ),
];
const specialByKey = new Map(special.map((one) => [keyOf(one.group, one.resource), one]));

/** What isn't stored, and events. */
const ignored = new Set([
  "/bindings",
  "/componentstatuses",
  "authentication.k8s.io/tokenreviews",
  "authentication.k8s.io/selfsubjectreviews",
  "authorization.k8s.io/subjectaccessreviews",
  "authorization.k8s.io/selfsubjectaccessreviews",
  "authorization.k8s.io/localsubjectaccessreviews",
  "authorization.k8s.io/selfsubjectrulesreviews",
  "/events",
  "events.k8s.io/events",
]);

/** The evaluator of a resource ("apps", "deployments"); undefined: quotas don't count it. */
export function evaluatorOf(group: string, resource: string): Evaluator | undefined {
  const key = keyOf(group, resource);
  if (ignored.has(key)) return undefined;
  return specialByKey.get(key) ?? objectCountEvaluator(group, resource);
}
