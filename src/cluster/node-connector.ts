// The API server's way to the nodes of this process: logs, commands and statistics are calls; proxies are HTTP to the pods'
// addresses. May import all layers.
import type { NodeConnector, ProxyTarget } from "../apiserver/ports.ts";
import { errors } from "../base/errors.ts";
import { proxyRequest } from "../host/http/proxy.ts";
import type { ApiReply, ApiRequest } from "../kinds/request.ts";
import type { KubernetesObject } from "../kinds/object.ts";
import type { Pod } from "../kinds/types/core-v1.gen.ts";
import type { NodeApi } from "../kubelet/node-api.ts";

/** Nodes come and go while the cluster runs. */
export class LocalNodes implements NodeConnector {
  readonly #nodes = new Map<string, NodeApi>();

  add(name: string, node: NodeApi): void {
    this.#nodes.set(name, node);
  }

  #nodeOf(pod: KubernetesObject): NodeApi {
    const name = (pod as Pod).spec.nodeName ?? "";
    const node = this.#nodes.get(name);
    if (!node) throw errors.internal(`no node agent for node ${JSON.stringify(name)}`);
    return node;
  }

  async logs(...[pod, options, signal]: Parameters<NodeConnector["logs"]>): Promise<AsyncIterable<Uint8Array>> {
    return this.#nodeOf(pod).logs(pod, options, signal);
  }

  async exec(...[pod, options]: Parameters<NodeConnector["exec"]>): ReturnType<NodeConnector["exec"]> {
    return this.#nodeOf(pod).exec(pod, options);
  }

  async attach(...[pod, options]: Parameters<NodeConnector["attach"]>): ReturnType<NodeConnector["attach"]> {
    return this.#nodeOf(pod).attach(pod, options);
  }

  async portForward(
    ...[pod, ports]: Parameters<NodeConnector["portForward"]>
  ): ReturnType<NodeConnector["portForward"]> {
    return this.#nodeOf(pod).portForward(pod, ports);
  }

  async proxy(target: ProxyTarget, request: ApiRequest): Promise<ApiReply> {
    if (target.kind === "node") return this.#nodeReply(target);
    if (target.kind === "service")
      throw errors.serviceUnavailable("no endpoints available for service " + JSON.stringify(target.name));
    const { status } = target.object as Pod;
    const { scheme, port } = splitTarget(target);
    const host = status?.podIP ?? "";
    return proxyRequest({ scheme, host, port, path: target.path, prefix: target.prefix }, request);
  }

  async #nodeReply({ object, path }: ProxyTarget): Promise<ApiReply> {
    const node = this.#nodes.get(object.metadata.name);
    if (!node) throw errors.serviceUnavailable(`no node agent for node ${JSON.stringify(object.metadata.name)}`);
    switch (path.replace(/\/$/, "")) {
      case "/healthz":
        return { status: 200, headers: { "content-type": "text/plain; charset=utf-8" }, body: bytesOf("ok") };
      case "/metrics":
        return {
          status: 200,
          headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8; escaping=underscores" },
          body: bytesOf(node.metrics()),
        };
      case "/pods":
        return jsonReply(node.pods());
      case "/runningpods":
        return jsonReply(node.runningPods());
      case "/configz":
        return jsonReply(node.configz());
      case "/stats/summary":
        return jsonReply(await node.stats());
      default:
        return {
          status: 404,
          headers: { "content-type": "text/plain; charset=utf-8" },
          body: bytesOf("404 page not found\n"),
        };
    }
  }
}

const bytesOf = (text: string): ApiReply["body"] => ({ kind: "bytes", bytes: new TextEncoder().encode(text) });
const jsonReply = (value: object): ApiReply => ({
  status: 200,
  headers: { "content-type": "application/json" },
  body: bytesOf(JSON.stringify(value)),
});

/** "[scheme:]name[:port]": the port is a number, a container port's name, or the pod's first port. */
function splitTarget({ name, object }: ProxyTarget): { scheme: "http" | "https"; port: number } {
  const parts = name.split(":");
  const scheme = parts.length === 3 && parts[0] === "https" ? "https" : "http";
  const wanted = parts.length === 3 ? parts[2] : parts[1];
  const ports = (object as Pod).spec.containers.flatMap((container) => container.ports ?? []);
  if (wanted) {
    const named = ports.find((one) => one.name === wanted)?.containerPort;
    return { scheme, port: named ?? Number(wanted) };
  }
  return { scheme, port: ports[0]?.containerPort ?? (scheme === "https" ? 443 : 80) };
}
