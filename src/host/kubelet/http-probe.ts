// One HTTP probe: GET without keep-alive or proxies, certificates unverified, redirects on the same host only (upstream:
// pkg/probe/http). Failures are worded as Go's net/http does. May import node, src/kubelet's port.
import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { isIP, type Socket } from "node:net";
import type { HttpAnswer, HttpProbe } from "../../kubelet/prober.ts";
import { dialErrorText, joinHostPort, readErrorText } from "./go-errors.ts";

const redirectsMax = 10;
const redirectStatuses = new Set([301, 302, 303, 307, 308]);
const httpAgent = new HttpAgent({ keepAlive: false });
const httpsAgent = new HttpsAgent({ keepAlive: false, rejectUnauthorized: false });
const headersTimeout = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
const bodyTimeout = "context deadline exceeded (Client.Timeout or context cancellation while reading body)";

/** "x-forwarded-for" → "X-Forwarded-For", as Go writes names. */
function canonicalName(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/(^|-)([a-z])/g, (_all, dash: string, letter: string) => dash + letter.toUpperCase());
}

function toHeaders(headers: HttpProbe["headers"]): Record<string, string | string[]> {
  const result = new Map<string, string[]>();
  for (const { name, value } of headers) {
    const canonical = canonicalName(name);
    result.set(canonical, [...(result.get(canonical) ?? []), value]);
  }
  // Node takes one Host, and it as a string.
  const entries = [...result].map(([name, values]) =>
    name === "Host" || values.length === 1 ? ([name, values[0]!] as const) : ([name, values] as const),
  );
  return Object.fromEntries(entries);
}

const portOf = (url: URL): number => Number(url.port) || (url.protocol === "https:" ? 443 : 80);
const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "");

function failureText(error: Error & { code?: string }, url: URL, socket: Socket | undefined): string {
  if (!socket || socket.connecting || error.message.startsWith("connect ")) {
    return dialErrorText(error, hostOf(url), portOf(url));
  }
  if (error.message === "socket hang up") return "EOF";
  if (error.code === "EPROTO" && /wrong version number|packet length/i.test(error.message)) {
    return "http: server gave HTTP response to HTTPS client";
  }
  if (error.code?.startsWith("HPE_")) return `net/http: HTTP/1.x transport connection broken: malformed HTTP response`;
  const local = joinHostPort(socket.localAddress ?? "", socket.localPort ?? 0);
  return readErrorText(error, local, joinHostPort(hostOf(url), portOf(url)));
}

/** Sends one request; resolves when the head of the answer is there. */
function send(
  url: URL,
  probe: HttpProbe,
  signal: AbortSignal,
): Promise<{ call: ClientRequest; reply: IncomingMessage }> {
  return new Promise((resolve, reject) => {
    const secure = url.protocol === "https:";
    const options = { method: "GET", headers: toHeaders(probe.headers), agent: secure ? httpsAgent : httpAgent };
    // The server name is the URL's, whatever the Host header asks for; an address has none.
    const servername = isIP(hostOf(url)) === 0 ? hostOf(url) : "";
    const call = secure ? httpsRequest(url, { ...options, servername }) : httpRequest(url, options);
    const stop = (): void => void call.destroy(new Error(headersTimeout));
    signal.addEventListener("abort", stop, { once: true });
    call.once("response", (reply) => {
      signal.removeEventListener("abort", stop);
      resolve({ call, reply });
    });
    // The connection may fail once more after the head has come: that is the body's failure.
    call.on("error", (error) => {
      signal.removeEventListener("abort", stop);
      reject(new Error(signal.aborted ? headersTimeout : failureText(error, url, call.socket ?? undefined)));
    });
    call.end();
  });
}

async function readBody(call: ClientRequest, reply: IncomingMessage, bytesMax: number, signal: AbortSignal) {
  const chunks: Buffer[] = [];
  let size = 0;
  const stop = (): void => void reply.destroy(new Error(bodyTimeout));
  signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const chunk of reply as AsyncIterable<Buffer>) {
      chunks.push(chunk.subarray(0, bytesMax - size));
      size += chunk.length;
      if (size >= bytesMax) break;
    }
  } catch (error) {
    throw signal.aborted ? new Error(bodyTimeout) : new Error("unexpected EOF", { cause: error });
  } finally {
    signal.removeEventListener("abort", stop);
    call.destroy();
  }
  return Buffer.concat(chunks).toString("utf8");
}

function nextUrl(url: URL, reply: IncomingMessage): URL | undefined {
  const { location } = reply.headers;
  if (!redirectStatuses.has(reply.statusCode ?? 0) || location === undefined) return undefined;
  const next = URL.canParse(location, url.href) ? new URL(location, url.href) : undefined;
  if (!next || (next.protocol !== "http:" && next.protocol !== "https:")) return undefined;
  return next;
}

/** Resolves to the last answer; rejects with an Error whose message is Go's. */
export async function probeHttp(probe: HttpProbe): Promise<HttpAnswer> {
  const signal = AbortSignal.timeout(probe.timeoutMs);
  const first = new URL(probe.url);
  let url = first;
  // The first URL is told as it was given: Go does not rewrite it.
  let shown = probe.url;
  for (let redirects = 0; ; redirects += 1) {
    try {
      const { call, reply } = await send(url, probe, signal);
      const next = nextUrl(url, reply);
      if (!next || next.hostname !== first.hostname) {
        return { status: reply.statusCode ?? 0, body: await readBody(call, reply, probe.bodyBytesMax, signal) };
      }
      call.destroy();
      url = next;
      shown = next.href;
      if (redirects + 1 >= redirectsMax) throw new Error(`stopped after ${redirectsMax} redirects`);
    } catch (error) {
      const { message } = error as Error;
      // A body that breaks off is not the client's error but the reader's: no URL in front.
      if (message === bodyTimeout || message === "unexpected EOF") throw error;
      throw new Error(`Get ${JSON.stringify(shown)}: ${message}`, { cause: error });
    }
  }
}
