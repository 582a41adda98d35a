// One probe: the handler's call and what its answer means, in upstream's words (pkg/kubelet/prober/prober.go,
// pkg/probe). Imports src/kinds.
import type { Container, HTTPGetAction, Probe } from "../../kinds/types/core-v1.gen.ts";
import { expand } from "../container/expansion.ts";
import { probeOutputBytesMax } from "../limits.ts";
import type { HttpProbe, Prober } from "../prober.ts";
import { formatDuration } from "../pod/back-off.ts";
import { type Runtime, RuntimeError } from "../runtime.ts";

export type ProbeOutcome =
  | { readonly result: "success"; readonly output: string }
  | { readonly result: "warning"; readonly output: string }
  | { readonly result: "failure"; readonly output: string };

export interface ProbeTarget {
  readonly container: Container;
  readonly containerId: string;
  readonly podIp: string;
}
export interface ProbeTools {
  readonly prober: Prober;
  readonly runtime: Runtime;
}

/** A port by number, or by its name in the container. Throws in upstream's words. */
export function resolvePort(port: number | string, container: Container): number {
  let found = typeof port === "number" ? port : Number.NaN;
  if (typeof port === "string") {
    const named = container.ports?.find(({ name }) => name === port);
    found = named ? named.containerPort : /^[0-9]+$/.test(port) ? Number(port) : Number.NaN;
    if (Number.isNaN(found)) throw new Error(`invalid port number: ${port}`);
  }
  if (found <= 0 || found >= 65_536) throw new Error(`invalid port number: ${port}`);
  return found;
}

const joinHostPort = (host: string, port: number): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

/** The request of an httpGet; `purpose` is in its User-Agent: kube-probe/1.36. */
export function httpRequest(
  action: HTTPGetAction,
  container: Container,
  podIp: string,
  purpose: "probe" | "lifecycle",
  timeoutMs: number,
): HttpProbe {
  const host = action.host || podIp;
  const port = resolvePort(action.port, container);
  const path = action.path ?? "";
  const scheme = (action.scheme ?? "HTTP").toLowerCase();
  const headers = [...(action.httpHeaders ?? [])];
  const has = (name: string): boolean => headers.some((header) => header.name.toLowerCase() === name);
  if (!has("user-agent")) headers.push({ name: "User-Agent", value: `kube-${purpose}/1.36` });
  if (!has("accept")) headers.push({ name: "Accept", value: "*/*" });
  const sent = headers.filter(({ name, value }) => !(name.toLowerCase() === "accept" && value === ""));
  return {
    url: `${scheme}://${joinHostPort(host, port)}${path.startsWith("/") ? path : `/${path}`}`,
    headers: sent,
    timeoutMs,
    bodyBytesMax: probeOutputBytesMax,
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function probeHttp(action: HTTPGetAction, target: ProbeTarget, { prober }: ProbeTools, timeoutMs: number) {
  const request = httpRequest(action, target.container, target.podIp, "probe", timeoutMs);
  try {
    const { status, body } = await prober.http(request);
    if (status >= 200 && status < 300) return { result: "success", output: body } as const;
    if (status >= 300 && status < 400) {
      return { result: "warning", output: `Probe terminated redirects, Response body: ${body}` } as const;
    }
    return { result: "failure", output: `HTTP probe failed with statuscode: ${status}` } as const;
  } catch (error) {
    return { result: "failure", output: messageOf(error) } as const;
  }
}

function join(stdout: Uint8Array, stderr: Uint8Array): string {
  const decoder = new TextDecoder();
  return decoder.decode(stdout) + decoder.decode(stderr);
}

async function probeExec(probe: Probe, target: ProbeTarget, { runtime }: ProbeTools): Promise<ProbeOutcome> {
  const values = new Map((target.container.env ?? []).map(({ name, value }) => [name, value ?? ""]));
  const command = (probe.exec!.command ?? []).map((text) => expand(text, (name) => values.get(name)));
  const seconds = probe.timeoutSeconds ?? 1;
  try {
    const { stdout, stderr, exitCode } = await runtime.execSync(target.containerId, command, seconds);
    const output = join(stdout, stderr).slice(0, probeOutputBytesMax);
    return { result: exitCode === 0 ? "success" : "failure", output };
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.code !== "DeadlineExceeded") throw error;
    const text = JSON.stringify(command.join(" "));
    const output = `command timed out: ${text} timed out after ${formatDuration(seconds * 1000)}`;
    return { result: "failure", output };
  }
}

async function probeGrpc(probe: Probe, target: ProbeTarget, { prober }: ProbeTools): Promise<ProbeOutcome> {
  const { port, service = "" } = probe.grpc!;
  try {
    const status = await prober.grpc(target.podIp, port, service, (probe.timeoutSeconds ?? 1) * 1000);
    if (status === "SERVING") return { result: "success", output: "service healthy" };
    return { result: "failure", output: `service unhealthy (responded with "${status}")` };
  } catch (error) {
    return { result: "failure", output: messageOf(error) };
  }
}

/** Rejects where the probe itself could not be made; such a result is thrown away. */
export async function runProbe(probe: Probe, target: ProbeTarget, tools: ProbeTools): Promise<ProbeOutcome> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  if (probe.exec) return probeExec(probe, target, tools);
  if (probe.httpGet) return probeHttp(probe.httpGet, target, tools, timeoutMs);
  if (probe.grpc) return probeGrpc(probe, target, tools);
  if (!probe.tcpSocket) throw new Error(`missing probe handler for ${target.container.name}`);
  const port = resolvePort(probe.tcpSocket.port, target.container);
  try {
    await tools.prober.tcp(probe.tcpSocket.host || target.podIp, port, timeoutMs);
    return { result: "success", output: "" };
  } catch (error) {
    return { result: "failure", output: messageOf(error) };
  }
}
