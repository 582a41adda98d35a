// managedFields of every create that was recorded of a real API server: computed again from the answered object.
import { describe, it } from "node:test";
import { deepFreeze } from "../../object.ts";
import type { Json } from "../../schema.ts";
import { isMap, type JsonDraft, type JsonMap } from "../json-value.ts";
import { count, readCases, settle, sortEntries, type Tally, targetOf, withoutRecordings } from "../recordings.test.ts";
import { managedFieldsOf, trackUpdate, withManagedFields } from "./track-update.ts";

const tokenMount = "/var/run/secrets/kubernetes.io/serviceaccount";

interface Draft extends JsonDraft {
  metadata: JsonDraft;
  spec: JsonDraft;
}

function undoPod(pod: Draft, asked: JsonMap): void {
  const spec = pod.spec as JsonDraft & { volumes?: JsonMap[]; containers: JsonDraft[]; initContainers?: JsonDraft[] };
  const before = (asked.spec ?? {}) as JsonMap;
  for (const key of ["priority", "preemptionPolicy", "serviceAccountName", "serviceAccount", "tolerations"]) {
    if (before[key] === undefined) delete spec[key];
  }
  if (isMap(asked.spec) && Array.isArray(before.tolerations)) spec.tolerations = before.tolerations as Json;
  const volumes = spec.volumes?.filter((volume) => !String(volume.name).startsWith("kube-api-access-"));
  if (volumes?.length) spec.volumes = volumes as never;
  else delete spec.volumes;
  for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
    const mounts = (container.volumeMounts as JsonMap[] | undefined)?.filter((mount) => mount.mountPath !== tokenMount);
    if (mounts?.length) container.volumeMounts = mounts;
    else delete container.volumeMounts;
  }
}

function undoService(service: Draft, asked: JsonMap): void {
  const before = (asked.spec ?? {}) as JsonMap;
  const allocated = ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"];
  for (const key of allocated) if (before[key] === undefined) delete service.spec[key];
  for (const [index, port] of (service.spec.ports as JsonDraft[]).entries()) {
    if ((before.ports as JsonMap[] | undefined)?.[index]?.nodePort === undefined) delete port.nodePort;
  }
}

function undoJob(job: Draft, asked: JsonMap): void {
  const before = (asked.spec ?? {}) as JsonMap;
  if (before.manualSelector === true) return;
  delete job.spec.selector;
  delete job.metadata.labels;
  delete ((job.spec.template as JsonMap).metadata as JsonDraft).labels;
}

const undoFinalizers = (object: Draft): void => void delete object.metadata.finalizers;

/** Takes back what admission and the kinds' strategies set after ownership was settled. */
const undo: Readonly<Record<string, (object: Draft, asked: JsonMap) => void>> = {
  Pod: undoPod,
  Service: undoService,
  Job: undoJob,
  Namespace: (object) => void delete object.spec.finalizers,
  PersistentVolume: undoFinalizers,
  PersistentVolumeClaim(object, asked) {
    undoFinalizers(object);
    const before = (asked.spec ?? {}) as JsonMap;
    for (const key of ["dataSource", "dataSourceRef"]) if (before[key] === undefined) delete object.spec[key];
  },
  VolumeAttributesClass: undoFinalizers,
};

describe("trackUpdate", { skip: withoutRecordings }, () => {
  it("computes the managedFields of recorded creates", () => {
    const tally: Tally = { matched: 0, different: [] };
    for (const { id, steps } of readCases("defaults")) {
      for (const { asked, answer } of steps) {
        const wanted = isMap(answer.b) ? managedFieldsOf(answer.b) : undefined;
        if (!asked.do?.startsWith("POST") || answer.s !== 201 || wanted === undefined) continue;
        const object = structuredClone(answer.b) as Draft;
        const kind = String(object.kind);
        const target = targetOf(String(object.apiVersion), kind);
        if (target === undefined) continue;
        undo[kind]?.(object, (asked.b ?? {}) as JsonMap);
        const plain = deepFreeze(withManagedFields(object, undefined));
        const tracked = trackUpdate(undefined, plain, { ...target, manager: "bhv", now: "<time>" });
        count(tally, id, sortEntries(managedFieldsOf(tracked)), sortEntries(wanted));
      }
    }
    settle("creates", tally, 93);
  });
});
