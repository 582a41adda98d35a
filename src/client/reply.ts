// Reads what a Transport answers: objects, lists, watches, errors; in process without parsing, over a network from bytes.
// May import src/base and src/kinds.
import { errors, type Status, StatusError } from "../base/errors.ts";
import type { ApiBody, ApiReply, WatchEvent, WatchEventType } from "../kinds/request.ts";
import { bytesRef, objectRef } from "./json-ref.ts";
import type { ListResult } from "./client.ts";

/** A line of a watch may be an object of this size at most (upstream's request limit is 3 MiB, twice for safety). */
const watchLineBytesMax = 6 * 1024 * 1024;

async function readBytes(body: ApiBody): Promise<Uint8Array> {
  switch (body.kind) {
    case "none":
      return new Uint8Array();
    case "bytes":
      return body.bytes;
    case "object":
      return body.ref.bytes;
    case "list":
      return concatenate([...body.chunks()]);
    case "stream": {
      const pieces: Uint8Array[] = [];
      for await (const piece of body.chunks) pieces.push(piece);
      return concatenate(pieces);
    }
    default:
      throw errors.internal(`a ${body.kind} came where bytes were expected`);
  }
}

export function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

/** Rejects with the Status of a reply that is no success. */
export async function throwIfFailed(reply: ApiReply): Promise<void> {
  if (reply.status < 400) return;
  const text = new TextDecoder().decode(await readBytes(reply.body));
  let status: Partial<Status> | undefined;
  try {
    status = JSON.parse(text) as Partial<Status>;
  } catch {
    // Not a Status: a proxy's or an early error's plain text.
  }
  if (status?.kind === "Status") throw new StatusError(status as Status);
  throw errors.failure(reply.status, "", text.slice(0, 1024) || `the server answered ${reply.status}`);
}

export async function readObject<T>(reply: ApiReply): Promise<T> {
  await throwIfFailed(reply);
  if (reply.body.kind === "object") return reply.body.ref.object() as T;
  return bytesRef<T>(await readBytes(reply.body)).object();
}

export async function readList<T>(reply: ApiReply): Promise<ListResult<T>> {
  await throwIfFailed(reply);
  if (reply.body.kind === "list") {
    const { items, resourceVersion } = reply.body;
    return { items: items as ListResult<T>["items"], resourceVersion, continue: reply.body.continue };
  }
  const list = JSON.parse(new TextDecoder().decode(await readBytes(reply.body))) as {
    apiVersion?: string;
    kind?: string;
    metadata: { resourceVersion: string; continue?: string };
    items: T[] | null;
  };
  const { apiVersion, kind } = list;
  const items = (list.items ?? []).map((item) => objectRef({ apiVersion, kind: kind?.replace(/List$/, ""), ...item }));
  return { items, resourceVersion: list.metadata.resourceVersion, continue: list.metadata.continue };
}

async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array[]> {
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  for await (const chunk of chunks) {
    const lines: Uint8Array[] = [];
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      lines.push(concatenate([...rest, chunk.subarray(from, at)]));
      rest = [];
      restBytes = 0;
      from = at + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
    restBytes += chunk.length - from;
    if (restBytes > watchLineBytesMax) throw errors.internal("a watch event is too large");
    if (lines.length > 0) yield lines;
  }
}

/** The events of a watch, in batches as they come. Throws the StatusError of an ERROR event. */
export async function* readWatch<T>(reply: ApiReply): AsyncGenerator<readonly WatchEvent<T>[]> {
  await throwIfFailed(reply);
  const { body } = reply;
  if (body.kind === "watch") {
    try {
      for (;;) {
        const events = await body.stream.next();
        if (events.length === 0) return;
        yield* checked(events as readonly WatchEvent<T>[]);
      }
    } finally {
      body.stream.close();
    }
  }
  if (body.kind !== "stream") throw errors.internal(`a ${body.kind} came where a watch was expected`);
  const decoder = new TextDecoder();
  for await (const lines of splitLines(body.chunks)) {
    const events = lines
      .filter((line) => line.length > 0)
      .map((line) => {
        const event = JSON.parse(decoder.decode(line)) as { type: WatchEventType; object: T };
        return { type: event.type, ref: objectRef(event.object) };
      });
    yield* checked(events);
  }
}

function* checked<T>(events: readonly WatchEvent<T>[]): Generator<readonly WatchEvent<T>[]> {
  const failed = events.findIndex((event) => event.type === "ERROR");
  if (failed < 0) {
    yield events;
    return;
  }
  if (failed > 0) yield events.slice(0, failed);
  throw new StatusError(events[failed]!.ref.object() as Status);
}
