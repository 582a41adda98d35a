// One gRPC connection to containerd's socket: CRI calls by table, and containerd's own services. May import node, grpc-js,
// src/base, src/kubelet's Runtime port.
import { Client, credentials, Metadata, status, type ClientDuplexStream, type ServiceError } from "@grpc/grpc-js";
import { RuntimeError, RuntimeNotFoundError } from "../../kubelet/runtime.ts";
import { containerdCodec, type ServiceMethod } from "../containerd/services.ts";
import { createCodec, type Draft } from "./codec.ts";
import { calls, enums, messages, type Calls } from "./messages.gen.ts";

const criCodec = createCodec(messages, enums);
export const containerdNamespace = "k8s.io";

// The kubelet's runtimeRequestTimeout, and twice that for sandboxes (their network may take long).
const requestTimeoutMs = 2 * 60_000;
// containerd sends at most 16 MiB unless told otherwise; grpc-js takes 4 MiB unless told otherwise.
const messageBytesMax = 64 * 1024 * 1024;

interface CallOptions {
  /** 0: none. */
  readonly timeoutMs?: number;
}

const codeNames: Readonly<Record<number, string>> = {
  [status.CANCELLED]: "Canceled",
  [status.UNKNOWN]: "Unknown",
  [status.INVALID_ARGUMENT]: "InvalidArgument",
  [status.DEADLINE_EXCEEDED]: "DeadlineExceeded",
  [status.NOT_FOUND]: "NotFound",
  [status.ALREADY_EXISTS]: "AlreadyExists",
  [status.PERMISSION_DENIED]: "PermissionDenied",
  [status.RESOURCE_EXHAUSTED]: "ResourceExhausted",
  [status.FAILED_PRECONDITION]: "FailedPrecondition",
  [status.ABORTED]: "Aborted",
  [status.OUT_OF_RANGE]: "OutOfRange",
  [status.UNIMPLEMENTED]: "Unimplemented",
  [status.INTERNAL]: "Internal",
  [status.UNAVAILABLE]: "Unavailable",
  [status.DATA_LOSS]: "DataLoss",
  [status.UNAUTHENTICATED]: "Unauthenticated",
};

/** grpc-js words its own deadline differently from the Go clients whose texts users know. */
function toRuntimeError(error: ServiceError): RuntimeError | RuntimeNotFoundError {
  const ownDeadline = error.code === status.DEADLINE_EXCEEDED && error.details.startsWith("Deadline exceeded");
  const message = ownDeadline ? "context deadline exceeded" : error.details || error.message;
  const kind = error.code === status.NOT_FOUND ? RuntimeNotFoundError : RuntimeError;
  const result = new kind(message, { cause: error });
  result.code = codeNames[error.code] ?? "Unknown";
  return result;
}

const identity = (bytes: Buffer): Buffer => bytes;

export class CriConnection {
  readonly #client: Client;
  constructor(socketPath: string) {
    this.#client = new Client(`unix://${socketPath}`, credentials.createInsecure(), {
      "grpc.max_receive_message_length": messageBytesMax,
      "grpc.max_send_message_length": messageBytesMax,
      "grpc.initial_reconnect_backoff_ms": 50,
      "grpc.min_reconnect_backoff_ms": 50,
      "grpc.max_reconnect_backoff_ms": 1000,
      // Two connections to different clusters' sockets never share a channel.
      "grpc.use_local_subchannel_pool": 1,
    });
  }

  /** Rejects with RuntimeError or RuntimeNotFoundError. */
  async call<Name extends keyof Calls>(
    name: Name,
    request: Draft<Calls[Name]["request"]>,
    options: CallOptions = {},
  ): Promise<Calls[Name]["response"]> {
    const { path, request: requestType, response } = calls[name];
    const bytes = await this.#unary(path, criCodec.encode(requestType, request), new Metadata(), options);
    return criCodec.decode(response, bytes) as unknown as Calls[Name]["response"];
  }

  /** A call of one of containerd's own services, in CRI's namespace; under a lease where one is named. */
  async callService(
    method: ServiceMethod,
    request: object,
    lease?: string,
    options: CallOptions = {},
  ): Promise<Record<string, unknown>> {
    const body = containerdCodec.encode(method.request, request);
    const bytes = await this.#unary(method.path, body, serviceMetadata(lease), options);
    return containerdCodec.decode(method.response, bytes);
  }

  #unary(path: string, body: Uint8Array, metadata: Metadata, options: CallOptions): Promise<Uint8Array> {
    const { timeoutMs = requestTimeoutMs } = options;
    const callOptions = timeoutMs > 0 ? { deadline: Date.now() + timeoutMs } : {};
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        identity,
        identity,
        Buffer.from(body),
        metadata,
        callOptions,
        (error, reply) => {
          if (error) reject(toRuntimeError(error));
          else resolve(reply!);
        },
      );
    });
  }

  /** A stream of replies. `onEnd` is called once, with the error unless the signal ended it. */
  subscribe(
    method: ServiceMethod,
    request: object,
    signal: AbortSignal,
    onMessage: (message: Record<string, unknown>) => void,
    onEnd: (error: Error | undefined) => void,
  ): void {
    const body = Buffer.from(containerdCodec.encode(method.request, request));
    const stream = this.#client.makeServerStreamRequest(method.path, identity, identity, body, serviceMetadata());
    const stop = (): void => stream.cancel();
    signal.addEventListener("abort", stop, { once: true });
    let ended = false;
    const finish = (error: Error | undefined): void => {
      if (ended) return;
      ended = true;
      signal.removeEventListener("abort", stop);
      onEnd(signal.aborted ? undefined : error);
    };
    stream.on("data", (bytes: Buffer) => onMessage(containerdCodec.decode(method.response, bytes)));
    stream.on("error", (error: ServiceError) => finish(toRuntimeError(error)));
    stream.on("end", () => finish(undefined));
    if (signal.aborted) stop();
  }

  /** Both sides stream bytes. The caller encodes, decodes, and handles the stream's errors by `toError`. */
  duplex(method: ServiceMethod, lease?: string): ClientDuplexStream<Buffer, Buffer> {
    return this.#client.makeBidiStreamRequest(method.path, identity, identity, serviceMetadata(lease), {});
  }

  close(): void {
    this.#client.close();
  }
}

export const toError = (error: ServiceError): Error => toRuntimeError(error);

function serviceMetadata(lease?: string): Metadata {
  const metadata = new Metadata();
  metadata.set("containerd-namespace", containerdNamespace);
  if (lease !== undefined) metadata.set("containerd-lease", lease);
  return metadata;
}
