// A service account's token on request (TokenRequest). After upstream's registry/core/serviceaccount/storage/token.go. May
// import src/base and src/kinds.
import { errors } from "../../base/errors.ts";
import { invalid } from "../../base/field-error.ts";
import type { FieldError } from "../../base/field-error.ts";
import type { JsonObject, KubernetesObject } from "../../kinds/object.ts";
import type { ApiReply } from "../../kinds/request.ts";
import type { TokenRequestSpec } from "../ports.ts";
import { writeOptions } from "../request/query.ts";
import { otherReply } from "../represent.ts";
import type { ResourceContext } from "../server.ts";
import { findObject } from "../verbs/get.ts";
import { admissionContext, mutate, validate } from "../write/admit.ts";
import { wipeSystemFields } from "../write/create-stored.ts";
import { readBodyAs } from "../write/decode-body.ts";
import { trackOtherFields } from "../write/managed-fields.ts";
import { matchNamespace, writeOf } from "../write/write.ts";
import type { DraftObject } from "../write/write.ts";

const kind = { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" };
const definition = "authentication.v1.TokenRequest";
/** Without expirationSeconds. Upstream: 1 hour. */
const defaultSeconds = 3600;
const minSeconds = 600;
const maxSeconds = 2 ** 32;

interface BoundReference {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly name?: string;
  readonly uid?: string;
}
type Bound = { readonly pod?: KubernetesObject; readonly node?: KubernetesObject; readonly secret?: KubernetesObject };

function checkSpec(spec: JsonObject): void {
  const found: FieldError[] = [];
  const seconds = spec["expirationSeconds"] as number;
  const field = "spec.expirationSeconds";
  if (seconds < minSeconds) found.push(invalid(field, seconds, "may not specify a duration less than 10 minutes"));
  if (seconds > maxSeconds) found.push(invalid(field, seconds, "may not specify a duration larger than 2^32 seconds"));
  if (found.length > 0) throw errors.invalid(kind.group, kind.kind, "", found);
}

function objectOf(context: ResourceContext, plural: string, reference: BoundReference): KubernetesObject {
  const resource = context.server.registry.find("", "v1", plural);
  const name = reference.name ?? "";
  const found = resource && context.server.storage.get(resource, context.info.namespace, name);
  if (!found) throw errors.notFound({ group: "", resource: plural }, name);
  return found.ref.object();
}

function checkUid(reference: BoundReference, object: KubernetesObject): void {
  if (!reference.uid || reference.uid === object.metadata.uid) return;
  const why = `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object`;
  const resource = { group: "", resource: reference.kind ?? "" };
  throw errors.conflict(resource, reference.name ?? "", `${why} might have been deleted and then recreated`);
}

function boundOf(context: ResourceContext, account: string, reference: BoundReference | undefined): Bound {
  if (reference === undefined) return {};
  const apiVersion = reference.apiVersion ?? "";
  if (apiVersion !== "v1" || !["Pod", "Node", "Secret"].includes(reference.kind ?? "")) {
    const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
    const type = `${group}/${version}, Kind=${reference.kind ?? ""}`;
    throw errors.badRequest(`cannot bind token to object of type ${type}`);
  }
  if (reference.kind === "Secret") {
    const secret = objectOf(context, "secrets", reference);
    checkUid(reference, secret);
    return { secret };
  }
  if (reference.kind === "Node") {
    const node = objectOf(context, "nodes", reference);
    checkUid(reference, node);
    return { node };
  }
  const pod = objectOf(context, "pods", reference) as KubernetesObject & {
    readonly spec?: { readonly serviceAccountName?: string; readonly nodeName?: string };
  };
  if (pod.spec?.serviceAccountName !== account) {
    const other = JSON.stringify(pod.spec?.serviceAccountName ?? "");
    const what = `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different`;
    throw errors.badRequest(`${what} serviceaccount name.`.replace("name.", `name ${other}`));
  }
  checkUid(reference, pod);
  const nodes = context.server.registry.find("", "v1", "nodes");
  const node = pod.spec?.nodeName && nodes ? context.server.storage.get(nodes, "", pod.spec.nodeName) : undefined;
  return { pod, ...(node ? { node: node.ref.object() } : {}) };
}

function fillDefaults(context: ResourceContext, draft: DraftObject): JsonObject {
  const spec = { ...(draft["spec"] as JsonObject | undefined) };
  spec["expirationSeconds"] ??= defaultSeconds;
  const audiences = spec["audiences"] as readonly string[] | undefined;
  if (!audiences || audiences.length === 0) {
    spec["audiences"] = [...(context.server.ports.tokenIssuer?.audiences ?? [])];
  }
  return spec;
}

/** POST of serviceaccounts/token. Throws 400, 404, 409, 422. */
export async function issueToken(context: ResourceContext, name: string): Promise<ApiReply> {
  const options = writeOptions(context.request.query, "CreateOptions");
  const draft = await readBodyAs(context, kind, definition, options);
  const write = writeOf(context, options, "CreateOptions", "token");
  wipeSystemFields(draft);
  matchNamespace(write, draft);
  trackOtherFields(write, draft, definition);
  const issuer = context.server.ports.tokenIssuer;
  if (!issuer) throw errors.serviceUnavailable("tokens are not issued here");
  const admission = admissionContext(context, {
    operation: "CREATE",
    name,
    object: draft,
    oldObject: undefined,
    options: write.optionsObject,
    dryRun: options.dryRun,
    subresource: "token",
    objectKind: kind,
  });
  await mutate(context, admission);
  const account = findObject(context, name).ref.object();
  const { metadata } = draft;
  if (metadata["name"] && metadata["name"] !== name) {
    const why = "must match the service account name if specified";
    throw errors.invalid(kind.group, kind.kind, name, [invalid("metadata.name", metadata["name"], why)]);
  }
  const spec = fillDefaults(context, draft);
  checkSpec(spec);
  const bound = boundOf(context, name, spec["boundObjectRef"] as BoundReference | undefined);
  (await validate(context, admission))(true);
  const issued = await issuer.issue(account, spec as unknown as TokenRequestSpec, bound);
  const answer = {
    kind: kind.kind,
    apiVersion: `${kind.group}/${kind.version}`,
    metadata: {
      ...metadata,
      name,
      namespace: account.metadata.namespace ?? "",
      uid: account.metadata.uid ?? "",
      creationTimestamp: account.metadata.creationTimestamp ?? null,
    },
    spec: { ...spec, boundObjectRef: spec["boundObjectRef"] ?? null },
    status: { token: issued.token, expirationTimestamp: issued.expirationTimestamp },
  };
  return otherReply(201, answer, context.media, definition, context.resource);
}
