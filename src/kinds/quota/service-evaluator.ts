// What quotas count of services: themselves, their node ports, load balancers. Source: pkg/quota/v1/evaluator/core.
// May import src/base.
import { quantityOf } from "../../base/quantity.ts";
import type { Service } from "../types/core-v1.gen.ts";
import { type Evaluator, objectCountName } from "./evaluator.ts";

const countName = objectCountName("", "services");
const names = [countName, "services", "services.nodeports", "services.loadbalancers"];

/** Node ports aren't allocated yet when they are counted: so the intent is. */
function countNodePorts({ spec }: Service): number {
  const ports = spec?.ports ?? [];
  if (spec?.type === "NodePort") return ports.length;
  if (spec?.type !== "LoadBalancer") return 0;
  if (spec.allocateLoadBalancerNodePorts !== false) return ports.length;
  return ports.filter(({ nodePort }) => nodePort).length;
}

export const serviceEvaluator: Evaluator = {
  group: "",
  resource: "services",
  // A service's type may change.
  handles: ({ subresource }) => subresource === "",
  matchingResources: (limited) => limited.filter((name) => names.includes(name)),
  matchesScope: () => false,
  missing: () => undefined,
  usage(object) {
    const service = object as Service;
    return new Map([
      [countName, quantityOf(1)],
      ["services", quantityOf(1)],
      ["services.nodeports", quantityOf(countNodePorts(service))],
      ["services.loadbalancers", quantityOf(service.spec?.type === "LoadBalancer" ? 1 : 0)],
    ]);
  },
};
