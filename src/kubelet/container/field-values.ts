// The downward API: fields and resources of a pod as text, for environment variables and files
// (pkg/fieldpath, pkg/api/v1/resource). Imports src/kinds.
import type { Container, Pod, ResourceFieldSelector } from "../../kinds/types/core-v1.gen.ts";
import { type Amounts, milliOf, valueOf } from "../pod/amounts.ts";
import { containersOf } from "../pod/container-spec.ts";

export interface FieldContext {
  readonly pod: Pod;
  readonly podIps: readonly string[];
  readonly hostIps: readonly string[];
  /** What limits that are not set default to. */
  readonly allocatable: Amounts;
}

/** A map as files have it: sorted lines of key="value". */
function formatMap(map: Readonly<Record<string, string>> | undefined): string {
  const keys = Object.keys(map ?? {}).sort((a, b) => (a < b ? -1 : Number(a > b)));
  return keys.map((key) => `${key}=${JSON.stringify(map![key])}`).join("\n");
}

/** The value of a fieldRef. Throws an Error in upstream's words for a path that is none. */
export function fieldValue({ pod, podIps, hostIps }: FieldContext, fieldPath: string): string {
  const subscript = /^(metadata\.(?:annotations|labels))\['(.*)'\]$/.exec(fieldPath);
  const { metadata } = pod;
  if (subscript) {
    const map = subscript[1] === "metadata.labels" ? metadata.labels : metadata.annotations;
    const key = subscript[2]!;
    return map && Object.hasOwn(map, key) ? map[key]! : "";
  }
  switch (fieldPath) {
    case "metadata.annotations":
      return formatMap(metadata.annotations);
    case "metadata.labels":
      return formatMap(metadata.labels);
    case "metadata.name":
      return metadata.name ?? "";
    case "metadata.namespace":
      return metadata.namespace ?? "";
    case "metadata.uid":
      return metadata.uid ?? "";
    case "spec.nodeName":
      return pod.spec.nodeName ?? "";
    case "spec.serviceAccountName":
      return pod.spec.serviceAccountName ?? "";
    case "spec.restartPolicy":
      return pod.spec.restartPolicy ?? "";
    case "status.phase":
      return pod.status?.phase ?? "";
    case "status.hostIP":
      return hostIps[0] ?? "";
    case "status.hostIPs":
      return hostIps.join(",");
    case "status.podIP":
      return podIps[0] ?? "";
    case "status.podIPs":
      return podIps.join(",");
    default:
      throw new Error(`unsupported fieldPath: ${fieldPath}`);
  }
}

function amountOf(context: FieldContext, container: Container, resource: string): string | undefined {
  const dot = resource.indexOf(".");
  const kind = resource.slice(0, dot);
  const name = resource.slice(dot + 1);
  if (kind === "requests") return container.resources?.requests?.[name];
  const limit = container.resources?.limits?.[name];
  if (limit !== undefined && milliOf(limit) !== 0) return limit;
  const own = context.pod.spec.resources?.limits?.[name];
  return own ?? context.allocatable[name];
}

/** The value of a resourceFieldRef, in units of its divisor, rounded up. */
export function resourceValue(context: FieldContext, selector: ResourceFieldSelector, own?: Container): string {
  const name = selector.containerName;
  const container = name ? containersOf(context.pod.spec).find((one) => one.container.name === name)?.container : own;
  if (!container) throw new Error(`container ${name ?? ""} not found`);
  const { resource } = selector;
  if (!/^(?:limits|requests)\.(?:cpu|memory|ephemeral-storage|hugepages-.+)$/.test(resource)) {
    throw new Error(`unsupported container resource : ${resource}`);
  }
  const amount = amountOf(context, container, resource);
  const divisor = !selector.divisor || milliOf(selector.divisor) === 0 ? "1" : selector.divisor;
  if (resource.endsWith(".cpu")) return String(Math.ceil(milliOf(amount) / milliOf(divisor)));
  return String(Math.ceil(valueOf(amount) / valueOf(divisor)));
}
