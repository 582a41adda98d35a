// CertificateSigningRequests: who asked is recorded when they are created, approval and issue are subresources. May
// import src/base.
import { humanAge, humanDuration } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { carry, columns, defineKind, objectSubresource, statusStrategy } from "../meta/define-kind.ts";
import type { Draft } from "../object.ts";
import type { CertificateSigningRequest, CertificateSigningRequestStatus } from "../types/certificates-v1.gen.ts";
import { validateRequest, validateRequestUpdate } from "./validate-request.ts";

type Request = CertificateSigningRequest;

/** Fills in when a condition was written, and when it came to be as it is. */
function populateTimes(draft: Draft<Request>, old: Request, now: string): void {
  for (const condition of draft.status?.conditions ?? []) {
    condition.lastUpdateTime ||= now;
    if (condition.lastTransitionTime) continue;
    const same = (old.status?.conditions ?? []).find(
      ({ type, status, lastTransitionTime }) =>
        type === condition.type && status === condition.status && lastTransitionTime,
    );
    condition.lastTransitionTime = same?.lastTransitionTime ?? now;
  }
}

/** A status write that has as many conditions of a type as there were leaves them as they were. */
function keepConditions(draft: Draft<Request>, old: Request, type: string): void {
  const list = draft.status?.conditions ?? [];
  const before = (old.status?.conditions ?? []).filter((condition) => condition.type === type);
  const places = list.flatMap((condition, index) => (condition.type === type ? [index] : []));
  if (places.length !== before.length) return;
  for (const [index, place] of places.entries()) list[place] = { ...before[index]! };
}

const strategy: Strategy<Request> = {
  allowUnconditionalUpdate: true,
  metadataChecks: { updateAsCreate: 1 },
  validateOnUpdate: false,
  resetFields: [["spec"], ["status"]],
  default(draft) {
    draft.spec ??= {};
  },
  prepareForCreate(draft, { user }) {
    const { username: _1, uid: _2, groups: _3, extra: _4, ...asked } = draft.spec!;
    draft.spec = {
      ...asked,
      ...(user && {
        username: user.username,
        ...(user.uid ? { uid: user.uid } : {}),
        groups: [...user.groups],
        ...(Object.keys(user.extra ?? {}).length > 0 ? { extra: structuredClone(user.extra) as never } : {}),
      }),
    };
    draft.status = {};
  },
  prepareForUpdate(draft, old) {
    carry(draft, old, "spec");
    carry(draft, old, "status");
  },
  validate: (object) => validateRequest(object),
  validateUpdate: (object, old) => validateRequestUpdate(object, old, {}),
};

const status = statusStrategy(strategy, ["spec"], {
  resetFields: [["spec"], ["status", "conditions"]],
  metadataChecks: { updateAsCreate: 1 },
  prepareForUpdate(draft, old, { now }) {
    carry(draft, old, "spec");
    keepConditions(draft, old, "Approved");
    keepConditions(draft, old, "Denied");
    populateTimes(draft, old, now);
  },
  validateUpdate: (object, old) => validateRequestUpdate(object, old, { mayIssue: true }),
});

const approval = statusStrategy(strategy, ["spec"], {
  resetFields: [["spec"], ["status", "certificate"]],
  metadataChecks: { updateAsCreate: 1 },
  prepareForUpdate(draft, old, { now }) {
    carry(draft, old, "spec");
    populateTimes(draft, old, now);
    carry(draft, old, "status.certificate");
  },
  validateUpdate: (object, old) => validateRequestUpdate(object, old, { mayApprove: true }),
});

function printCondition({ conditions = [], certificate }: Partial<CertificateSigningRequestStatus>): string {
  const has = (type: string): boolean => conditions.some((condition) => condition.type === type);
  const decided = has("Approved") ? "Approved" : "Pending";
  return [
    has("Denied") ? "Denied" : decided,
    ...(has("Failed") ? ["Failed"] : []),
    ...(certificate ? ["Issued"] : []),
  ].join(",");
}

export const certificateSigningRequest = defineKind<Request>({
  group: "certificates.k8s.io",
  version: "v1",
  kind: "CertificateSigningRequest",
  plural: "certificatesigningrequests",
  shortNames: ["csr"],
  namespaced: false,
  definition: "certificates.v1.CertificateSigningRequest",
  storageKey: "certificatesigningrequests",
  subresources: [objectSubresource("approval", approval), objectSubresource("status", status)],
  // Whoever asks may call his request what he likes.
  checkName: () => [],
  selectableFields: { "spec.signerName": ({ spec }) => spec.signerName ?? "" },
  columns: columns("Name:name", "Age", "SignerName", "Requestor", "RequestedDuration", "Condition"),
  cells: ({ metadata, spec, status: current = {} }, nowMs) => [
    metadata.name,
    humanAge(metadata.creationTimestamp, nowMs),
    spec.signerName || "<none>",
    spec.username ?? "",
    spec.expirationSeconds === undefined ? "<none>" : humanDuration(spec.expirationSeconds * 1000),
    printCondition(current),
  ],
  strategy,
});
