// pods/exec, pods/attach and pods/portforward: checked here, carried out by the node. May import src/base and src/kinds.
import { errors, StatusError } from "../../base/errors.ts";
import type { ApiReply, ApiRequest, RemoteCommandOptions, Upgrade } from "../../kinds/request.ts";
import { attributesOf, forbiddenRequest } from "../handle.ts";
import { baseHeaders } from "../reply.ts";
import { booleanOf } from "../request/request-info.ts";
import type { ResourceContext } from "../server.ts";
import { findObject } from "../verbs/get.ts";
import { admissionContext, mutate, validate } from "../write/admit.ts";
import { checkNode, connectorOf, containerOf, nodesReady } from "./pod-target.ts";
import type { PodView } from "./pod-target.ts";

type Remote = "exec" | "attach" | "portforward";

const optionKinds: Readonly<Record<Remote, string>> = {
  exec: "PodExecOptions",
  attach: "PodAttachOptions",
  portforward: "PodPortForwardOptions",
};

function optionsOf(query: URLSearchParams, remote: Remote): RemoteCommandOptions {
  // Attaching shows output unless that is declined.
  const shown = (name: string): boolean => (query.has(name) ? booleanOf(query.get(name)) : remote === "attach");
  return {
    container: query.get("container") ?? "",
    ...(remote === "exec" ? { command: query.getAll("command") } : {}),
    stdin: booleanOf(query.get("stdin")),
    stdout: shown("stdout"),
    stderr: shown("stderr"),
    tty: booleanOf(query.get("tty")),
  };
}

/** Numbers of ports, each given once or in one list with commas. Throws 400. */
function portsOf(query: URLSearchParams): number[] {
  return query
    .getAll("ports")
    .flatMap((text) => text.split(","))
    .filter((text) => text !== "")
    .map((text) => {
      const port = Number(text);
      if (Number.isInteger(port) && port > 0 && port < 65536) return port;
      throw errors.badRequest(`unable to parse ${JSON.stringify(text)} as a port`);
    });
}

/** A WebSocket begins with GET; it needs the right to create, as POST does. */
async function checkCreate(context: ResourceContext): Promise<void> {
  const { request, info, user, server } = context;
  if (request.method !== "GET" || !request.upgrade) return;
  const attributes = { ...attributesOf(info, user, request.query), verb: "create" };
  const decision = await server.ports.authorizer.authorize(attributes);
  if (!decision.allowed) throw forbiddenRequest(attributes, decision.reason);
}

async function admit(context: ResourceContext, remote: Remote, name: string, options: object): Promise<void> {
  const admission = admissionContext(context, {
    operation: "CONNECT",
    name,
    object: { kind: optionKinds[remote], apiVersion: "v1", ...options } as never,
    oldObject: undefined,
    options: undefined,
    dryRun: false,
    subresource: remote,
    objectKind: { group: "", version: "v1", kind: optionKinds[remote] },
  });
  await mutate(context, admission);
  (await validate(context, admission))(true);
}

/**
 * The node's refusal: its words as they are, with 500. Where upstream's API server translates WebSockets for the node
 * (version 5), the client's side is open by then, and the refusal comes as the command's end (KEP-4006).
 */
function refuseUpgrade(
  request: ApiRequest,
  remote: Remote,
  { stdin, stdout, stderr, tty }: RemoteCommandOptions,
  message: string,
): ApiReply {
  const { protocol, subprotocols = [] } = request.upgrade ?? {};
  if (remote !== "portforward" && protocol === "websocket" && subprotocols.includes("v5.channel.k8s.io")) {
    const { status } = errors.internal(`unable to upgrade connection: ${message}`);
    const upgrade: Upgrade = {
      kind: "remote-command",
      stdin,
      stdout,
      stderr,
      tty,
      serve: (streams) => streams.finish(status),
    };
    return { status: 101, headers: { ...baseHeaders }, body: { kind: "upgrade", upgrade } };
  }
  const headers = { ...baseHeaders, "content-type": "text/plain; charset=utf-8" };
  return { status: 500, headers, body: { kind: "bytes", bytes: new TextEncoder().encode(message) } };
}

/** Answers with the upgrade that the transport carries out. Throws 400, 403, 404, 503. */
export async function serveRemote(context: ResourceContext, remote: Remote, name: string): Promise<ApiReply> {
  const { query } = context.request;
  if (query.getAll("dryRun").length > 0) throw errors.badRequest("dryRun is not supported");
  await checkCreate(context);
  const options = optionsOf(query, remote);
  const ports = remote === "portforward" ? portsOf(query) : [];
  await admit(context, remote, name, remote === "portforward" ? { ports } : options);
  const pod = findObject(context, name).ref.object() as PodView;
  const container = remote === "portforward" ? "" : containerOf(pod, options.container);
  const nodeName = pod.spec?.nodeName ?? "";
  if (nodeName === "") throw errors.badRequest(`pod ${name} does not have a host assigned`);
  await nodesReady(context);
  checkNode(context, nodeName);
  if (!context.request.upgrade) throw errors.badRequest("Upgrade request required");
  const connector = connectorOf(context);
  let upgrade: Upgrade;
  try {
    if (remote === "exec") upgrade = await connector.exec(pod, { ...options, container });
    else if (remote === "attach") upgrade = await connector.attach(pod, { ...options, container });
    else upgrade = await connector.portForward(pod, ports);
  } catch (error) {
    if (error instanceof StatusError) throw error;
    return refuseUpgrade(context.request, remote, options, error instanceof Error ? error.message : String(error));
  }
  return { status: 101, headers: { ...baseHeaders }, body: { kind: "upgrade", upgrade } };
}
