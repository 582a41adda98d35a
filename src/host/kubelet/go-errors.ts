// Failures of connections in the words that Go's net package gives them, since probes show them to users. May import node.

const systemTexts: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset by peer",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network is unreachable",
  ETIMEDOUT: "connection timed out",
  EPIPE: "broken pipe",
  EACCES: "permission denied",
  EADDRNOTAVAIL: "cannot assign requested address",
  EINVAL: "invalid argument",
};

interface SystemError extends Error {
  readonly code?: string;
  readonly syscall?: string;
  readonly errors?: readonly Error[];
}

/** "10.0.0.1:80", "[fd00::1]:80" */
export const joinHostPort = (host: string, port: number): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

/** A failed connection attempt, as net.Dial words it. */
export function dialErrorText(error: Error, host: string, port: number): string {
  // Node tries every address of a name and joins the failures: the first is the one that Go tells.
  const first = (error as SystemError).errors?.[0] ?? error;
  const { code = "", syscall } = first as SystemError;
  if (code === "ENOTFOUND" || syscall === "getaddrinfo") return `dial tcp: lookup ${host}: no such host`;
  const text = systemTexts[code];
  return `dial tcp ${joinHostPort(host, port)}: ${text ? `connect: ${text}` : first.message}`;
}

/** A failure on a connection that stood. `local` and `remote` are "ADDRESS:PORT". */
export function readErrorText(error: Error, local: string, remote: string): string {
  const { code = "" } = error as SystemError;
  const text = systemTexts[code];
  return text ? `read tcp ${local}->${remote}: read: ${text}` : error.message;
}

/** A duration as Go prints it, of whole milliseconds: "1s", "1.5s", "200ms", "1m30s". */
export function goDuration(durationMs: number): string {
  if (durationMs < 1000) return durationMs === 0 ? "0s" : `${durationMs}ms`;
  const hours = Math.floor(durationMs / 3_600_000);
  const minutes = Math.floor(durationMs / 60_000) % 60;
  const seconds = (durationMs % 60_000) / 1000;
  return `${hours > 0 ? `${hours}h` : ""}${hours > 0 || minutes > 0 ? `${minutes}m` : ""}${seconds}s`;
}
