// The prober port: one connection from the node to a pod, for probes and lifecycle hooks. Texts of failures are shown
// to users, so host/ words them as Go does ("dial tcp 10.0.0.1:80: connect: connection refused"). Imports nothing.

export interface HttpProbe {
  /** "http://10.0.0.1:8080/healthz" */
  readonly url: string;
  /** In order; a name may come twice. "Host" sets the host that is asked for. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly timeoutMs: number;
  /** Bytes of the body that are read. */
  readonly bodyBytesMax: number;
}
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** Certificates are not verified; redirects to the same host are followed, ten at most; others are the answer. */
export interface Prober {
  /** Rejects with the failure of the connection or the time-out as Go's net/http words it. */
  http(probe: HttpProbe): Promise<HttpAnswer>;
  /** Resolves when a connection could be made. Rejects as Go's net.Dial words it. */
  tcp(host: string, port: number, timeoutMs: number): Promise<void>;
  /** grpc.health.v1.Health/Check: resolves to "SERVING", "NOT_SERVING" …; rejects with a ready-made message. */
  grpc(host: string, port: number, service: string, timeoutMs: number): Promise<string>;
}
