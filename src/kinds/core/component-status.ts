// ComponentStatus: how the scheduler, the controllers and etcd are, asked for at each request; deprecated since 1.19.
// May import src/base.
import { columns, defineKind } from "../meta/define-kind.ts";
import type { ComponentStatus } from "../types/core-v1.gen.ts";

export const componentStatus = defineKind<ComponentStatus>({
  group: "",
  version: "v1",
  kind: "ComponentStatus",
  plural: "componentstatuses",
  shortNames: ["cs"],
  namespaced: false,
  definition: "core.v1.ComponentStatus",
  storageKey: "",
  deprecation: "v1 ComponentStatus is deprecated in v1.19+",
  verbs: ["get", "list"],
  columns: columns("Name:name", "Status", "Message", "Error"),
  cells({ metadata, conditions }) {
    const healthy = conditions?.find((condition) => condition.type === "Healthy");
    const status = healthy ? (healthy.status === "True" ? "Healthy" : "Unhealthy") : "Unknown";
    return [metadata.name, status, healthy?.message ?? "", healthy?.error ?? ""];
  },
  virtual: true,
});
