// Replies: Status objects and plain text. Objects and lists are answered by represent.ts. May import src/base, src/kinds.
import { StatusError, errors } from "../base/errors.ts";
import type { Status } from "../base/errors.ts";
import { printYaml } from "../base/yaml/yaml.ts";
import { encodeProtobuf } from "../kinds/codec/protobuf.ts";
import { metaV1 } from "../kinds/definitions/meta-v1.gen.ts";
import type { ObjectRef } from "../kinds/object.ts";
import type { ApiReply } from "../kinds/request.ts";
import { contentTypes } from "./request/negotiate.ts";
import type { MediaType } from "./request/negotiate.ts";

const encoder = new TextEncoder();

/** An object that is made for one reply: its bytes are printed when the wire asks for them. */
export function refOf<T>(object: T): ObjectRef<T> {
  let bytes: Uint8Array | undefined;
  return {
    get bytes() {
      bytes ??= encoder.encode(JSON.stringify(object));
      return bytes;
    },
    object: () => object,
  };
}

/** Headers that every answer of the API bears. */
export const baseHeaders: Readonly<Record<string, string>> = { "cache-control": "no-cache, private" };

export function textReply(status: number, text: string, headers?: Readonly<Record<string, string>>): ApiReply {
  return {
    status,
    headers: {
      ...baseHeaders,
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
      ...headers,
    },
    body: { kind: "bytes", bytes: encoder.encode(text) },
  };
}

/** What Go's mux answers for a path that nobody serves. */
export const pageNotFound = (): ApiReply => textReply(404, "404 page not found\n");

/** An object in the negotiated encoding; JSON is handed over as it is. */
export function encodedReply(status: number, media: MediaType, object: object): ApiReply {
  const headers = { ...baseHeaders, "content-type": contentTypes[media.encoding] };
  if (media.encoding === "yaml") {
    return { status, headers, body: { kind: "bytes", bytes: encoder.encode(printYaml(object)) } };
  }
  if (media.pretty) {
    return { status, headers, body: { kind: "bytes", bytes: encoder.encode(JSON.stringify(object, null, 2)) } };
  }
  return { status, headers, body: { kind: "object", ref: refOf(object) } };
}

/** A Status in the encoding that the client asked for. */
export function statusReply(status: Status, media: MediaType, headers?: Readonly<Record<string, string>>): ApiReply {
  const code = status.code ?? 200;
  const retry = status.details?.retryAfterSeconds;
  const extra = { ...headers, ...(retry === undefined ? {} : { "retry-after": String(retry) }) };
  if (media.encoding === "protobuf") {
    return {
      status: code,
      headers: { ...baseHeaders, "content-type": contentTypes.protobuf, ...extra },
      body: { kind: "bytes", bytes: encodeProtobuf(status, metaV1, "meta.v1.Status") },
    };
  }
  const reply = encodedReply(code, media, status);
  return { ...reply, headers: { ...reply.headers, ...extra } };
}

/** Any error as a Status: what is not a StatusError is a 500. */
export function statusOf(error: unknown): Status {
  if (error instanceof StatusError) return error.status;
  const message = error instanceof Error ? error.message : String(error);
  return errors.internal(message, error).status;
}

/** An error without reason and details, as upstream answers a plain Go error: {"message": …, "code": 500}. */
export function plainError(message: string): StatusError {
  return errors.failure(500, "", message);
}

export const notFoundPath = (): StatusError =>
  errors.failure(404, "NotFound", "the server could not find the requested resource", {});

export const methodNotAllowed = (): StatusError =>
  errors.failure(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});
