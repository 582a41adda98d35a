// CSIDrivers: what the cluster must know of a storage driver. May import src/base.
import { duplicate, invalid, notSupported, required, type FieldError } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { columns, defineKind } from "../meta/define-kind.ts";
import { semanticEqual } from "../meta/equality.ts";
import { validateImmutable } from "../meta/object-meta.ts";
import type { CSIDriver, CSIDriverSpec, TokenRequest } from "../types/storage-v1.gen.ts";

const tokenSecondsMin = 600;
const tokenSecondsMax = 2 ** 32;
const updatePeriodSecondsMin = 10;

function validateTokenRequests(requests: readonly TokenRequest[]): FieldError[] {
  const audiences = new Set<string>();
  return requests.flatMap(({ audience = "", expirationSeconds }, index) => {
    const field = `spec.tokenRequests[${index}]`;
    if (audiences.has(audience)) return [duplicate(`${field}.audience`, audience)];
    audiences.add(audience);
    if (expirationSeconds === undefined) return [];
    const at = `${field}.expirationSeconds`;
    if (expirationSeconds < tokenSecondsMin) {
      return [invalid(at, expirationSeconds, "may not specify a duration less than 10 minutes")];
    }
    if (expirationSeconds <= tokenSecondsMax) return [];
    return [invalid(at, expirationSeconds, "may not specify a duration larger than 2^32 seconds")];
  });
}

const policies = ["File", "None", "ReadWriteOnceWithFSType"];
const modes = ["Persistent", "Ephemeral"];

function validateSpec(spec: CSIDriverSpec): FieldError[] {
  const errors: FieldError[] = [];
  // The names of the fields in the errors are upstream's, "attachedRequired" included.
  if (spec.attachRequired === undefined) errors.push(required("spec.attachedRequired"));
  if (spec.podInfoOnMount === undefined) errors.push(required("spec.podInfoOnMount"));
  if (spec.storageCapacity === undefined) errors.push(required("spec.storageCapacity"));
  const { fsGroupPolicy, tokenRequests = [], nodeAllocatableUpdatePeriodSeconds: period } = spec;
  if (fsGroupPolicy !== undefined && !policies.includes(fsGroupPolicy)) {
    errors.push(notSupported("spec.fsGroupPolicy", fsGroupPolicy, policies));
  }
  errors.push(...validateTokenRequests(tokenRequests));
  for (const mode of spec.volumeLifecycleModes ?? []) {
    if (!modes.includes(mode)) errors.push(notSupported("spec.volumeLifecycleModes", mode, modes));
  }
  if (spec.seLinuxMount === undefined) errors.push(required("spec.seLinuxMount"));
  if (period !== undefined && period < updatePeriodSecondsMin) {
    const field = "spec.nodeAllocatableUpdatePeriodSeconds";
    errors.push(invalid(field, period, "must be greater than or equal to 10 seconds"));
  }
  const inSecrets = spec.serviceAccountTokenInSecrets;
  if (inSecrets !== undefined && tokenRequests.length === 0) {
    const detail = "serviceAccountTokenInSecrets is set but no tokenRequests are specified";
    errors.push(invalid("spec.serviceAccountTokenInSecrets", inSecrets, detail));
  }
  return errors;
}

const tokenWarning =
  "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging " +
  "of tokens in volume attributes";

const strategy: Strategy<CSIDriver> = {
  default(draft) {
    const spec = (draft.spec ??= {});
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= "ReadWriteOnceWithFSType";
    if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ["Persistent"];
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
  },
  // The feature of preventPodSchedulingIfMissing (VolumeLimitScaling) is off.
  prepareForCreate(draft) {
    delete draft.spec!.preventPodSchedulingIfMissing;
  },
  // A driver has no generation before its first change.
  prepareForUpdate(draft, old) {
    if (old.spec.preventPodSchedulingIfMissing === undefined) delete draft.spec!.preventPodSchedulingIfMissing;
    if (!semanticEqual(draft.spec, old.spec)) draft.metadata!.generation = (old.metadata.generation ?? 0) + 1;
  },
  validate: ({ spec }) => validateSpec(spec),
  validateUpdate: ({ spec }, old) => [
    ...validateImmutable(spec.attachRequired, old.spec.attachRequired, "spec.attachedRequired"),
    ...validateImmutable(spec.volumeLifecycleModes, old.spec.volumeLifecycleModes, "spec.volumeLifecycleModes"),
  ],
  warnings({ spec }, old) {
    const requests = spec.tokenRequests ?? [];
    const kept = old !== undefined && semanticEqual(requests, old.spec.tokenRequests ?? []);
    return !kept && requests.length > 0 && spec.serviceAccountTokenInSecrets === undefined ? [tokenWarning] : [];
  },
};

export const csiDriver = defineKind<CSIDriver>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSIDriver",
  plural: "csidrivers",
  namespaced: false,
  definition: "storage.v1.CSIDriver",
  storageKey: "csidrivers",
  columns: columns(
    "Name:name",
    "AttachRequired:boolean",
    "PodInfoOnMount:boolean",
    "StorageCapacity:boolean",
    "TokenRequests",
    "RequiresRepublish:boolean",
    "Modes",
    "Age",
  ),
  cells: ({ metadata, spec }, nowMs) => [
    metadata.name,
    spec.attachRequired ?? true,
    spec.podInfoOnMount ?? false,
    spec.storageCapacity ?? false,
    spec.tokenRequests?.map(({ audience }) => audience ?? "").join(",") ?? "<unset>",
    spec.requiresRepublish ?? false,
    (spec.volumeLifecycleModes ?? []).join(",") || "<none>",
    humanAge(metadata.creationTimestamp, nowMs),
  ],
  strategy,
});
