// DefaultTolerationSeconds: a pod stays five minutes on a node that is not ready or out of reach, unless it says otherwise.
// May import src/base and src/kinds.
import type { Draft } from "../../kinds/object.ts";
import type { Pod, Toleration } from "../../kinds/types/core-v1.gen.ts";
import type { AdmissionPlugin } from "../ports.ts";
import { isFor } from "./refuse.ts";

/** Upstream: --default-not-ready-toleration-seconds and its sibling, 300. */
const tolerationSeconds = 300;
const keys = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

const covers = (toleration: Draft<Toleration>, key: string): boolean =>
  (!toleration.key || toleration.key === key) && (!toleration.effect || toleration.effect === "NoExecute");

export const defaultTolerationSeconds: AdmissionPlugin = {
  name: "DefaultTolerationSeconds",
  operations: ["CREATE", "UPDATE"],
  mutate(context) {
    if (!isFor(context, "pods")) return;
    const spec = (context.object as Draft<Pod>).spec!;
    const given = spec.tolerations ?? [];
    const missing = keys.filter((key) => !given.some((toleration) => covers(toleration, key)));
    if (missing.length === 0) return;
    const added = missing.map((key): Draft<Toleration> => {
      return { key, operator: "Exists", effect: "NoExecute", tolerationSeconds };
    });
    spec.tolerations = [...given, ...added];
  },
};
