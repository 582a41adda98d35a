// /healthz, /livez and /readyz with their checks, as k8s.io/apiserver/pkg/server/healthz writes them. May import src/kinds.
import type { ApiReply } from "../../kinds/request.ts";
import type { HealthCheck } from "../ports.ts";
import { pageNotFound, textReply } from "../reply.ts";
import type { RequestContext } from "../server.ts";

type Endpoint = HealthCheck["endpoints"][number];

const ping: HealthCheck = { name: "ping", endpoints: ["healthz", "livez", "readyz"], check() {} };
const log: HealthCheck = { name: "log", endpoints: ["healthz", "livez", "readyz"], check() {} };

function checksOf(context: RequestContext, endpoint: Endpoint): HealthCheck[] {
  const { ports } = context.server;
  const etcd: HealthCheck = {
    name: "etcd",
    endpoints: ["healthz", "livez", "readyz"],
    async check() {
      await ports.store.get("/registry/health");
    },
  };
  const all = [ping, log, etcd, ...(ports.healthChecks ?? [])];
  return all.filter((check) => check.endpoints.includes(endpoint));
}

async function failure(check: HealthCheck): Promise<unknown> {
  try {
    await check.check();
    return undefined;
  } catch (error) {
    return error ?? new Error("failed");
  }
}

async function serveAll(context: RequestContext, endpoint: Endpoint): Promise<ApiReply> {
  const { query } = context.request;
  const excluded = new Set(query.getAll("exclude"));
  const unknown = new Set(excluded);
  let output = "";
  let failed = false;
  for (const check of checksOf(context, endpoint)) {
    if (excluded.has(check.name)) {
      unknown.delete(check.name);
      output += `[+]${check.name} excluded: ok\n`;
      continue;
    }
    const error = await failure(check);
    output += error === undefined ? `[+]${check.name} ok\n` : `[-]${check.name} failed: reason withheld\n`;
    if (error === undefined) continue;
    failed = true;
    context.server.ports.log.error("health check failed", { endpoint, check: check.name, error });
  }
  if (unknown.size > 0) {
    const names = [...unknown]
      .sort()
      .map((name) => JSON.stringify(name))
      .join(",");
    output += `warn: some health checks cannot be excluded: no matches for ${names}\n`;
  }
  if (failed) return textReply(500, `${output}${endpoint} check failed\n`);
  return textReply(200, query.has("verbose") ? `${output}${endpoint} check passed\n` : "ok");
}

/** Serves an endpoint, or one of its checks. */
export async function serveHealth(context: RequestContext, endpoint: Endpoint, name: string): Promise<ApiReply> {
  if (name === "") return serveAll(context, endpoint);
  const check = checksOf(context, endpoint).find((one) => one.name === name);
  if (!check) return pageNotFound();
  const error = await failure(check);
  if (error === undefined) return textReply(200, "ok");
  return textReply(500, `internal server error: ${error instanceof Error ? error.message : String(error)}\n`);
}

/** The paths of all checks. */
export function healthPaths(context: RequestContext): string[] {
  const endpoints: Endpoint[] = ["healthz", "livez", "readyz"];
  return endpoints.flatMap((endpoint) => [
    `/${endpoint}`,
    ...checksOf(context, endpoint).map(({ name }) => `/${endpoint}/${name}`),
  ]);
}
