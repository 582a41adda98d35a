// GET of pods/log. May import src/base and src/kinds.
import { errors } from "../../base/errors.ts";
import { forbidden, invalid } from "../../base/field-error.ts";
import type { FieldError } from "../../base/field-error.ts";
import type { ApiReply, LogOptions } from "../../kinds/request.ts";
import { integerOf } from "../request/query.ts";
import { baseHeaders } from "../reply.ts";
import { booleanOf } from "../request/request-info.ts";
import type { ResourceContext } from "../server.ts";
import { findObject } from "../verbs/get.ts";
import { checkNode, connectorOf, containerOf, nodesReady } from "./pod-target.ts";
import type { PodView } from "./pod-target.ts";

function optionsOf(query: URLSearchParams): LogOptions {
  const tailLines = integerOf(query, "tailLines");
  const limitBytes = integerOf(query, "limitBytes");
  const sinceSeconds = integerOf(query, "sinceSeconds");
  const sinceTime = query.get("sinceTime");
  return {
    container: query.get("container") ?? "",
    follow: booleanOf(query.get("follow")),
    previous: booleanOf(query.get("previous")),
    timestamps: booleanOf(query.get("timestamps")),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
    ...(sinceTime ? { sinceTime } : {}),
  };
}

function check(query: URLSearchParams, options: LogOptions, name: string): void {
  const found: FieldError[] = [];
  const { tailLines, limitBytes, sinceSeconds, sinceTime } = options;
  if (tailLines !== undefined && tailLines < 0) {
    found.push(invalid("tailLines", tailLines, "must be greater than or equal to 0"));
  }
  if (limitBytes !== undefined && limitBytes < 1) {
    found.push(invalid("limitBytes", limitBytes, "must be greater than 0"));
  }
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    found.push(forbidden("", "at most one of `sinceTime` or `sinceSeconds` may be specified"));
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) {
    found.push(invalid("sinceSeconds", sinceSeconds, "must be greater than 0"));
  }
  if (query.has("stream")) found.push(forbidden("stream", "may not be specified"));
  if (found.length > 0) throw errors.invalid("", "PodLogOptions", name, found);
}

/** Streams a container's log; a pod that no node has is answered with nothing (204). Throws 400, 404, 422. */
export async function serveLog(context: ResourceContext, name: string): Promise<ApiReply> {
  const { query, upgrade, signal } = context.request;
  const options = optionsOf(query);
  check(query, options, name);
  const pod = findObject(context, name).ref.object() as PodView;
  const container = containerOf(pod, options.container);
  const nodeName = pod.spec?.nodeName ?? "";
  if (nodeName === "") return { status: 204, headers: { ...baseHeaders }, body: { kind: "none" } };
  await nodesReady(context);
  checkNode(context, nodeName);
  const chunks = await connectorOf(context).logs(pod, { ...options, container }, signal);
  const headers = { ...baseHeaders, "content-type": "text/plain" };
  if (upgrade?.protocol === "websocket") {
    const text = upgrade.subprotocols.some((one) => one.startsWith("base64."));
    return { status: 101, headers, body: { kind: "upgrade", upgrade: { kind: "stream", body: chunks, text } } };
  }
  return { status: 200, headers, body: { kind: "stream", chunks } };
}
