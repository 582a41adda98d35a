// The one door's forms: what a request to the API server and its reply are, for HTTP, the in-process client and tests
// alike. A client's Transport and the API server's handle() are the same function type. May import src/base.
import type { ObjectRef } from "./object.ts";

export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** What the transport knows of the other side. Only the transport may set it. */
export interface Peer {
  readonly address: string;
  /** The subject of a verified client certificate. */
  readonly certificate?: {
    readonly commonName: string;
    readonly organizations: readonly string[];
    /** SHA-256 of the certificate, in lower-case hexadecimal. */
    readonly fingerprint?: string;
  };
  /** A client certificate came that no known authority signed, or that has expired: why. */
  readonly certificateError?: string;
  /** An identity that the process itself vouches for: its own components and embedding programs. */
  readonly user?: UserInfo;
}

/** Upgrade offers that the transport found in the request's headers. */
export interface UpgradeOffer {
  readonly protocol: "websocket" | "spdy";
  /** WebSocket subprotocols, or the values of X-Stream-Protocol-Version, as offered. */
  readonly subprotocols: readonly string[];
}

export interface ApiRequest {
  readonly method: string;
  /** Decoded? No: as it was on the wire, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. A repeated header's values are joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** Reads the body, at most `limitBytes`; throws errors.requestEntityTooLarge past that. Callable once. */
  body(limitBytes: number): Promise<Uint8Array>;
  /** The body as it comes, for proxies. Callable instead of body(). */
  bodyStream?(): AsyncIterable<Uint8Array>;
  readonly peer: Peer;
  readonly upgrade?: UpgradeOffer;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

/** One stream of an upgraded connection, with back-pressure. */
export interface ByteStream {
  readonly readable: AsyncIterable<Uint8Array>;
  /** Resolves when more may be written. Rejects when the other side is gone. */
  write(bytes: Uint8Array): Promise<void>;
  /** Half-close: no more writes from this side. */
  end(): void;
  /** Ends both directions at once. */
  destroy(error?: Error): void;
}

/** Streams of a remote command, however they travel. */
export interface RemoteCommandStreams {
  readonly stdin?: AsyncIterable<Uint8Array>;
  readonly stdout?: ByteStream;
  readonly stderr?: ByteStream;
  /** Terminal sizes as they come. */
  readonly resize?: AsyncIterable<{ width: number; height: number }>;
  /** Ends the command: undefined for success, else the Status that the client is told. */
  finish(status: object): Promise<void>;
  readonly signal: AbortSignal;
}

export interface PortForwardConnection {
  readonly port: number;
  readonly data: ByteStream;
  /** Tells the client why this connection failed. */
  fail(message: string): void;
}

/** What to do once the transport has upgraded the connection. The transport owns the framing. */
export type Upgrade =
  | {
      readonly kind: "remote-command";
      readonly stdin: boolean;
      readonly stdout: boolean;
      readonly stderr: boolean;
      readonly tty: boolean;
      serve(streams: RemoteCommandStreams): Promise<void>;
    }
  | {
      readonly kind: "port-forward";
      /** Ports named in the query (WebSocket v4.channel.k8s.io); with SPDY each stream names its own. */
      readonly ports: readonly number[];
      serve(connections: AsyncIterable<PortForwardConnection>, signal: AbortSignal): Promise<void>;
    }
  /** Bytes of a stream over WebSocket messages: logs and watches. */
  | { readonly kind: "stream"; readonly body: AsyncIterable<Uint8Array>; readonly text: boolean }
  /** Passes the upgraded connection's raw bytes on (proxy). `head` are the headers of the 101 answer. */
  | { readonly kind: "raw"; readonly head: Readonly<Record<string, string>>; serve(stream: ByteStream): Promise<void> };

export type ApiBody =
  | { readonly kind: "none" }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** An object: in process, it is handed over as it is; on the wire, its bytes. */
  | { readonly kind: "object"; readonly ref: ObjectRef<unknown> }
  /**
   * A list, as pieces that are joined on the wire. In process, `items` gives the objects without parsing the bytes.
   */
  | {
      readonly kind: "list";
      readonly resourceVersion: string;
      readonly continue?: string;
      readonly remainingItemCount?: number;
      readonly items: readonly ObjectRef<unknown>[];
      chunks(): Iterable<Uint8Array>;
    }
  /** Events in order. In process, `events` gives them as objects; on the wire, each is one line or frame. */
  | { readonly kind: "watch"; readonly stream: WatchStream }
  /** Bytes as they come; flushed after every piece. */
  | { readonly kind: "stream"; readonly chunks: AsyncIterable<Uint8Array> }
  | { readonly kind: "upgrade"; readonly upgrade: Upgrade };

export interface ApiReply {
  readonly status: number;
  /** Lower-case names. `warning` may have several values. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: ApiBody;
}

export type WatchEventType = "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";

export interface WatchEvent<T = unknown> {
  readonly type: WatchEventType;
  readonly ref: ObjectRef<T>;
}

/** A running watch. Pull: nothing is buffered without bound; one that falls behind is ended with an ERROR event (410). */
export interface WatchStream {
  /** What has come since the last call; waits for at least one. An empty list: the watch has ended. */
  next(): Promise<readonly WatchEvent[]>;
  /** The same as framed bytes for the wire (lines of JSON, or as negotiated). undefined: ended. */
  nextBytes(): Promise<Uint8Array | undefined>;
  close(): void;
}

/** The API server, in process or over the network. It never rejects: errors are replies with a Status. */
export type Transport = (request: ApiRequest) => Promise<ApiReply>;

/** What is asked of a container's log, by clients of the API server and by it of the node. */
export interface LogOptions {
  readonly container: string;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly sinceSeconds?: number;
  readonly sinceTime?: string;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  readonly stream?: "All" | "Stdout" | "Stderr";
}

/** A command in a container, or the attachment to it. */
export interface RemoteCommandOptions {
  readonly container: string;
  /** Absent: attach. */
  readonly command?: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}
