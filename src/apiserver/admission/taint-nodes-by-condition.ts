// TaintNodesByCondition: a new node takes no pods until it has shown itself ready. May import src/base and src/kinds.
import type { Draft } from "../../kinds/object.ts";
import type { Node } from "../../kinds/types/core-v1.gen.ts";
import type { AdmissionPlugin } from "../ports.ts";
import { isFor } from "./refuse.ts";

const notReady = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" } as const;

export const taintNodesByCondition: AdmissionPlugin = {
  name: "TaintNodesByCondition",
  operations: ["CREATE"],
  mutate(context) {
    if (!isFor(context, "nodes")) return;
    const node = context.object as Draft<Node>;
    node.spec ??= {};
    const taints = node.spec.taints ?? [];
    const tainted = taints.some(({ key, effect }) => key === notReady.key && effect === notReady.effect);
    if (!tainted) node.spec.taints = [...taints, { ...notReady }];
  },
};
