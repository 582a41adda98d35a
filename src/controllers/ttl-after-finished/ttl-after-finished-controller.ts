// Deletes finished Jobs when their time to live is over. Upstream: pkg/controller/ttlafterfinished; KEP-592. May import
// src/base, src/kinds, src/client.
import { job as jobKind } from "../../kinds/batch/job.ts";
import type { Kind } from "../../kinds/kind.ts";
import { type Controller, keyOf, splitKey } from "../controller.ts";

const anyJob = jobKind as unknown as Kind;

export const ttlAfterFinishedController: Controller = {
  name: "ttl-after-finished-controller",
  workers: 5,
  sources: [{ kind: anyJob, keysOf: (object) => [keyOf(object)] }],
  reconcile(key, view, nowMs) {
    const job = view.get(jobKind, ...splitKey(key));
    const seconds = job?.spec?.ttlSecondsAfterFinished;
    if (!job || seconds === undefined || job.metadata.deletionTimestamp) return { changes: [] };
    const finished = job.status?.conditions?.find(
      ({ type, status }) => (type === "Complete" || type === "Failed") && status === "True",
    );
    if (!finished?.lastTransitionTime) return { changes: [] };
    const atMs = Date.parse(finished.lastTransitionTime) + seconds * 1000;
    if (atMs > nowMs) return { changes: [], requeueAtMs: atMs };
    return { changes: [{ do: "delete", kind: anyJob, object: job, options: { propagationPolicy: "Foreground" } }] };
  },
};
