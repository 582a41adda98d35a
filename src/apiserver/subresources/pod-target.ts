// Which container of which pod on which node a log, exec or attach is about; the refusals are those of upstream's
// registry/core/pod/strategy.go. May import src/base and src/kinds.
import { errors } from "../../base/errors.ts";
import type { KubernetesObject } from "../../kinds/object.ts";
import type { NodeConnector } from "../ports.ts";
import type { ResourceContext } from "../server.ts";

interface Named {
  readonly name: string;
}
export interface PodView extends KubernetesObject {
  readonly spec?: {
    readonly nodeName?: string;
    readonly containers?: readonly Named[];
    readonly initContainers?: readonly Named[];
    readonly ephemeralContainers?: readonly Named[];
  };
  readonly status?: { readonly podIP?: string; readonly podIPs?: readonly { readonly ip?: string }[] };
}

const namesOf = (containers: readonly Named[] | undefined): string[] => (containers ?? []).map(({ name }) => name);
const printNames = (names: readonly string[]): string => `[${names.join(" ")}]`;

/** The container that was asked for, or the pod's only one. Throws 400. */
export function containerOf(pod: PodView, asked: string): string {
  const name = pod.metadata.name ?? "";
  const containers = namesOf(pod.spec?.containers);
  const init = namesOf(pod.spec?.initContainers);
  const ephemeral = namesOf(pod.spec?.ephemeralContainers);
  if (asked !== "") {
    if ([...containers, ...init, ...ephemeral].includes(asked)) return asked;
    throw errors.badRequest(`container ${asked} is not valid for pod ${name}`);
  }
  if (containers.length === 1) return containers[0]!;
  let message = `a container name must be specified for pod ${name}`;
  if (containers.length > 1) {
    message += `, choose one of: ${printNames(containers)}`;
    if (init.length > 0) message += ` or one of the init containers: ${printNames(init)}`;
    if (ephemeral.length > 0) message += ` or one of the ephemeral containers: ${printNames(ephemeral)}`;
  }
  throw errors.badRequest(message);
}

/** The node must be known. Throws 404, which upstream words as if it were a pod. */
export function checkNode(context: ResourceContext, nodeName: string): void {
  const nodes = context.server.registry.find("", "v1", "nodes");
  const found = nodes && context.server.storage.get(nodes, "", nodeName);
  if (!found) throw errors.notFound(context.resource.groupResource, nodeName);
}

/** Resolves when nodes can be looked up. */
export async function nodesReady(context: ResourceContext): Promise<void> {
  const nodes = context.server.registry.find("", "v1", "nodes");
  if (nodes) await context.server.storage.ready(nodes);
}

/** Throws 503 where there is no way to the nodes. */
export function connectorOf(context: ResourceContext): NodeConnector {
  const { nodeConnector } = context.server.ports;
  if (!nodeConnector) throw errors.serviceUnavailable("nodes cannot be reached from here");
  return nodeConnector;
}
