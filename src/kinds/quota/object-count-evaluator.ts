// Counts the objects of a resource and nothing else. Source: k8s.io/apiserver/pkg/quota/v1/generic. May import src/base.
import { quantityOf } from "../../base/quantity.ts";
import { type Evaluator, objectCountName } from "./evaluator.ts";

/** `alias` is the name that the count had before it could be asked for of any resource: "configmaps". */
export function objectCountEvaluator(group: string, resource: string, alias?: string): Evaluator {
  const names = [objectCountName(group, resource), ...(alias ? [alias] : [])];
  return {
    group,
    resource,
    handles: ({ operation, subresource }) => operation === "CREATE" && subresource === "",
    matchingResources: (limited) => limited.filter((name) => names.includes(name)),
    matchesScope: () => false,
    missing: () => undefined,
    usage: () => new Map(names.map((name) => [name, quantityOf(1)])),
  };
}
