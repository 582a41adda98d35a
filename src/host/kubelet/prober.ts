// The prober port on a real machine: HTTP, TCP and gRPC from the node to a pod. May import node, grpc-js, src/kubelet's port.
import { Client, credentials, status, type ServiceError } from "@grpc/grpc-js";
import { connect } from "node:net";
import type { Prober } from "../../kubelet/prober.ts";
import { createCodec } from "../cri/codec.ts";
import { dialErrorText, goDuration, joinHostPort } from "./go-errors.ts";
import { probeHttp } from "./http-probe.ts";

const probeUserAgent = "kube-probe/1.36";

function probeTcp(host: string, port: number, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`dial tcp ${joinHostPort(host, port)}: i/o timeout`));
    }, timeoutMs);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.end();
      socket.resume();
      resolve();
    });
    socket.on("error", (error) => {
      clearTimeout(timer);
      reject(new Error(dialErrorText(error, host, port), { cause: error }));
    });
  });
}

// grpc.health.v1, from the gRPC health checking protocol.
const healthCodec = createCodec(
  { HealthCheckRequest: [[1, "service", "string"]], HealthCheckResponse: [[1, "status", "enum Status"]] },
  { Status: { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } },
);
const codeNames = new Map(Object.entries(status).map(([name, code]) => [code, name]));
/** "NOT_FOUND" → "NotFound", "CANCELLED" → "Canceled": Go's names. */
function goCodeName(code: number): string {
  if (code === status.CANCELLED) return "Canceled";
  const name = codeNames.get(code as status) ?? "UNKNOWN";
  return String(name)
    .toLowerCase()
    .replaceAll(/(?:^|_)([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}

function waitForReady(client: Client, deadline: number): Promise<void> {
  return new Promise((resolve, reject) => {
    client.waitForReady(deadline, (error) => (error ? reject(error) : resolve()));
  });
}

function check(client: Client, service: string, deadline: number): Promise<Buffer> {
  const same = (bytes: Buffer): Buffer => bytes;
  const body = Buffer.from(healthCodec.encode("HealthCheckRequest", { service }));
  return new Promise((resolve, reject) => {
    const path = "/grpc.health.v1.Health/Check";
    client.makeUnaryRequest(path, same, same, body, { deadline }, (error, reply) => {
      if (error) reject(error);
      else resolve(reply!);
    });
  });
}

/** The messages are upstream's (pkg/probe/grpc). */
function rpcErrorText(error: ServiceError, timeoutMs: number): string {
  if (error.code === status.UNIMPLEMENTED) {
    const what = "this server does not implement the grpc health protocol (grpc.health.v1.Health)";
    return `error: ${what}: ${error.details}`;
  }
  if (error.code === status.DEADLINE_EXCEEDED) {
    return `timeout: health rpc did not complete within ${goDuration(timeoutMs)}`;
  }
  return `error: health rpc probe failed: rpc error: code = ${goCodeName(error.code)} desc = ${error.details}`;
}

async function probeGrpc(host: string, port: number, service: string, timeoutMs: number): Promise<string> {
  const address = joinHostPort(host, port);
  const deadline = Date.now() + timeoutMs;
  const client = new Client(address, credentials.createInsecure(), {
    "grpc.primary_user_agent": probeUserAgent,
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_http_proxy": 0,
  });
  try {
    await waitForReady(client, deadline).catch((error: unknown) => {
      const within = `within ${goDuration(timeoutMs)}: context deadline exceeded`;
      throw new Error(`timeout: failed to connect service ${JSON.stringify(address)} ${within}`, { cause: error });
    });
    const reply = await check(client, service, deadline).catch((error: unknown) => {
      throw new Error(rpcErrorText(error as ServiceError, timeoutMs), { cause: error });
    });
    return healthCodec.decode("HealthCheckResponse", reply)["status"] as string;
  } finally {
    client.close();
  }
}

export const hostProber: Prober = { http: probeHttp, tcp: probeTcp, grpc: probeGrpc };
