// The Pod kind. May import src/base.
import { standardVerbs, type Kind } from "../kind.ts";
import { nameIsDNSSubdomain } from "../meta/names.ts";
import { podCells, podColumns } from "../pod/cells.ts";
import {
  podEphemeralContainersStrategy,
  podResizeStrategy,
  podStatusStrategy,
  podStrategy,
} from "../pod/strategies.ts";
import type { Pod } from "../types/core-v1.gen.ts";

const coreBody = (kind: string) => ({ group: "", version: "v1", kind, definition: `core.v1.${kind}` });

export const pod: Kind<Pod> = {
  group: "",
  version: "v1",
  kind: "Pod",
  listKind: "PodList",
  plural: "pods",
  singular: "pod",
  shortNames: ["po"],
  categories: ["all"],
  namespaced: true,
  definition: "core.v1.Pod",
  verbs: standardVerbs,
  subresources: [
    { name: "attach", verbs: ["create", "get"], body: coreBody("PodAttachOptions") },
    { name: "binding", verbs: ["create"], body: coreBody("Binding") },
    { name: "ephemeralcontainers", verbs: ["get", "patch", "update"], strategy: podEphemeralContainersStrategy },
    {
      name: "eviction",
      verbs: ["create"],
      body: { group: "policy", version: "v1", kind: "Eviction", definition: "policy.v1.Eviction" },
    },
    { name: "exec", verbs: ["create", "get"], body: coreBody("PodExecOptions") },
    { name: "log", verbs: ["get"] },
    { name: "portforward", verbs: ["create", "get"], body: coreBody("PodPortForwardOptions") },
    { name: "proxy", verbs: ["create", "delete", "get", "patch", "update"], body: coreBody("PodProxyOptions") },
    { name: "resize", verbs: ["get", "patch", "update"], strategy: podResizeStrategy },
    { name: "status", verbs: ["get", "patch", "update"], strategy: podStatusStrategy },
  ],
  storageKey: "pods",
  checkName: nameIsDNSSubdomain,
  columns: podColumns,
  cells: podCells,
  selectableFields: {
    "spec.nodeName": ({ spec }) => spec?.nodeName ?? "",
    "spec.restartPolicy": ({ spec }) => spec?.restartPolicy ?? "",
    "spec.schedulerName": ({ spec }) => spec?.schedulerName ?? "",
    "spec.serviceAccountName": ({ spec }) => spec?.serviceAccountName ?? "",
    "spec.hostNetwork": ({ spec }) => String(spec?.hostNetwork ?? false),
    "status.phase": ({ status }) => status?.phase ?? "",
    "status.podIP": ({ status }) => status?.podIPs?.[0]?.ip ?? "",
    // Upstream's conversion knows this label, but its registry gives it no value.
    "status.podIPs": () => "",
    "status.nominatedNodeName": ({ status }) => status?.nominatedNodeName ?? "",
  },
  strategy: podStrategy,
};
