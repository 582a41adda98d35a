// /metrics: a few of upstream's, in Prometheus' text format. May import src/kinds.
import type { ApiReply } from "../../kinds/request.ts";
import { baseHeaders } from "../reply.ts";
import type { RequestContext } from "../server.ts";

/** Answers with what the server counts. */
export function serveMetrics({ server }: RequestContext): ApiReply {
  const { requests, inFlight, watchers } = server.counters;
  const lines = [
    "# HELP apiserver_request_total [STABLE] Counter of apiserver requests broken out for each verb, resource and code.",
    "# TYPE apiserver_request_total counter",
  ];
  for (const [key, value] of requests) {
    const [verb = "", resource = "", code = ""] = key.split(" ");
    const labels = `code="${code}",resource="${resource}",verb="${verb.toUpperCase()}"`;
    lines.push(`apiserver_request_total{${labels}} ${value}`);
  }
  lines.push(
    "# HELP apiserver_current_inflight_requests [STABLE] Maximal number of currently used inflight request limit.",
    "# TYPE apiserver_current_inflight_requests gauge",
    `apiserver_current_inflight_requests ${inFlight}`,
    "# HELP apiserver_longrunning_requests [STABLE] Gauge of all active long-running apiserver requests.",
    "# TYPE apiserver_longrunning_requests gauge",
    `apiserver_longrunning_requests{verb="WATCH"} ${watchers}`,
    "",
  );
  const headers = { ...baseHeaders, "content-type": "text/plain; version=0.0.4; charset=utf-8; escaping=underscores" };
  return { status: 200, headers, body: { kind: "bytes", bytes: new TextEncoder().encode(lines.join("\n")) } };
}
