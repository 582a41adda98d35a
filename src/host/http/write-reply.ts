// Writes an ApiReply as HTTP: whole bodies with their length, lists joined from buffers, watches and logs as they come;
// never faster than the client reads. May import node, src/base, src/kinds.
import { once } from "node:events";
import { constants } from "node:http2";
import { createGzip, constants as zlib } from "node:zlib";
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import type { ApiReply, ApiRequest, WatchStream } from "../../kinds/request.ts";
import { gzipBytesMin } from "../limits.ts";
import type { ServerResponse } from "node:http";
import type { Outgoing } from "./server.ts";

/** Resolves when the reply is written, or when the client is gone. */
export async function writeReply(
  request: ApiRequest,
  reply: ApiReply,
  outgoing: Outgoing,
  gone: AbortSignal,
): Promise<void> {
  const { body } = reply;
  if (gone.aborted) {
    if (body.kind === "watch") body.stream.close();
    return;
  }
  const head = (more: Record<string, string | number> = {}): void => {
    // Headers of one connection have no meaning on HTTP/2, where Node refuses them.
    (outgoing as { writeHead(status: number, headers: object): void }).writeHead(reply.status, {
      ...reply.headers,
      ...more,
    });
  };
  switch (body.kind) {
    case "none":
      head();
      outgoing.end();
      return;
    case "bytes":
      return writeWhole(request, outgoing, head, [body.bytes], gone);
    case "object":
      return writeWhole(request, outgoing, head, [body.ref.bytes], gone);
    case "list":
      return writeWhole(request, outgoing, head, body.chunks(), gone);
    case "watch":
      head();
      return writeWatch(outgoing, body.stream, gone);
    case "stream":
      head();
      flush(outgoing);
      await writeChunks(outgoing, body.chunks, gone);
      return;
    case "upgrade":
      (outgoing as ServerResponse).writeHead(400, { "content-type": "text/plain" });
      outgoing.end("you must ask for an upgrade to use this endpoint\n");
      return;
  }
}

/** Sends the head at once: a watch on a quiet resource must not keep its client waiting for the first byte. */
function flush(outgoing: Outgoing): void {
  if ("flushHeaders" in outgoing) outgoing.flushHeaders();
}

async function writeWhole(
  request: ApiRequest,
  outgoing: Outgoing,
  head: (more?: Record<string, string | number>) => void,
  chunks: Iterable<Uint8Array>,
  gone: AbortSignal,
): Promise<void> {
  const pieces = [...chunks];
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const accepted = request.headers["accept-encoding"] ?? "";
  if (length >= gzipBytesMin && /\bgzip\b/.test(accepted)) {
    head({ "content-encoding": "gzip", vary: "Accept-Encoding" });
    const gzip = createGzip({ level: zlib.Z_BEST_SPEED });
    await pipeline(Readable.from(pieces), gzip, outgoing as NodeJS.WritableStream).catch(() => {});
    return;
  }
  head({ "content-length": length });
  if (request.method === "HEAD") {
    outgoing.end();
    return;
  }
  for (const piece of pieces.slice(0, -1)) {
    if (!(await write(outgoing, piece, gone))) return;
  }
  outgoing.end(pieces.at(-1) ?? "");
}

async function writeWatch(outgoing: Outgoing, stream: WatchStream, gone: AbortSignal): Promise<void> {
  flush(outgoing);
  const close = (): void => stream.close();
  gone.addEventListener("abort", close, { once: true });
  for (;;) {
    const bytes = await stream.nextBytes();
    if (bytes === undefined || gone.aborted) break;
    if (!(await write(outgoing, bytes, gone))) break;
  }
  gone.removeEventListener("abort", close);
  outgoing.end();
}

async function writeChunks(outgoing: Outgoing, chunks: AsyncIterable<Uint8Array>, gone: AbortSignal): Promise<void> {
  try {
    for await (const chunk of chunks) {
      if (!(await write(outgoing, chunk, gone))) return;
    }
    outgoing.end();
  } catch {
    // The source broke in the middle of a body whose head is gone: the client must see that it is not whole.
    if ("stream" in outgoing) outgoing.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    else outgoing.destroy();
  }
}

/** false: the client is gone. */
async function write(outgoing: Outgoing, bytes: Uint8Array, gone: AbortSignal): Promise<boolean> {
  if (gone.aborted) return false;
  const target = outgoing as { write(bytes: Uint8Array): boolean };
  if (!target.write(bytes)) {
    await once(outgoing as NodeJS.EventEmitter, "drain", { signal: gone as globalThis.AbortSignal }).catch(() => {});
  }
  return !gone.aborted;
}
