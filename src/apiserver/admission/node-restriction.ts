// NodeRestriction: a kubelet writes only its own node, its own lease, the status of its own pods, and mirror pods. Upstream:
// plugin/pkg/admission/noderestriction. May import src/base and src/kinds.
import { errors } from "../../base/errors.ts";
import { node as nodeKind } from "../../kinds/core/node.ts";
import { pod as podKind } from "../../kinds/core/pod.ts";
import type { Node, Pod } from "../../kinds/types/core-v1.gen.ts";
import type { TokenRequest } from "../../kinds/types/authentication-v1.gen.ts";
import type { ResourceSlice } from "../../kinds/types/resource-v1.gen.ts";
import type { CSINode } from "../../kinds/types/storage-v1.gen.ts";
import type { Lease } from "../../kinds/types/coordination-v1.gen.ts";
import { nodeOf, referencesOf } from "../authorization/node-authorizer.ts";
import type { ObjectReader } from "../object-reader.ts";
import type { AdmissionContext, AdmissionPlugin, Authorizer } from "../ports.ts";
import { refuse } from "./refuse.ts";

const mirrorAnnotation = "kubernetes.io/config.mirror";
const quote = JSON.stringify;
const same = (a: unknown, b: unknown): boolean => quote(a ?? null) === quote(b ?? null);

/** Labels of kubernetes.io and k8s.io that a kubelet may set on its node, exactly or by prefix. */
const allowedLabels = new Set([
  "kubernetes.io/hostname",
  "kubernetes.io/arch",
  "kubernetes.io/os",
  "beta.kubernetes.io/arch",
  "beta.kubernetes.io/os",
  "beta.kubernetes.io/instance-type",
  "node.kubernetes.io/instance-type",
  "failure-domain.beta.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
]);
const allowedLabelNamespaces = ["kubelet.kubernetes.io", "node.kubernetes.io"];

function mayNotSet(key: string): boolean {
  if (allowedLabels.has(key)) return false;
  const namespace = key.includes("/") ? key.slice(0, key.indexOf("/")) : "";
  const within = (parent: string): boolean => namespace === parent || namespace.endsWith(`.${parent}`);
  if (within("node-restriction.kubernetes.io")) return true;
  if (!within("kubernetes.io") && !within("k8s.io")) return false;
  return !allowedLabelNamespaces.some(within);
}

function forbiddenLabels(labels: Node["metadata"]["labels"], old: Node["metadata"]["labels"]): string[] {
  const keys = new Set([...Object.keys(labels ?? {}), ...Object.keys(old ?? {})]);
  return [...keys].filter((key) => labels?.[key] !== old?.[key] && mayNotSet(key)).toSorted();
}

function admitPodCreate(node: string, context: AdmissionContext, reader: ObjectReader): void {
  const { metadata, spec } = context.object as unknown as Pod;
  const name = quote(node);
  if (metadata.annotations?.[mirrorAnnotation] === undefined) {
    const annotation = quote(mirrorAnnotation);
    throw refuse(context, `pod does not have ${annotation} annotation, node ${name} can only create mirror pods`);
  }
  if (spec.nodeName !== node) {
    throw refuse(context, `node ${name} can only create pods with spec.nodeName set to itself`);
  }
  const owners = metadata.ownerReferences ?? [];
  if (owners.length > 1) {
    throw refuse(context, `node ${name} can only create pods with a single owner reference set to itself`);
  }
  const [owner] = owners;
  if (owner?.kind !== "Node" || owner.apiVersion !== "v1" || owner.name !== node) {
    throw refuse(context, `node ${name} can only create pods with an owner reference set to itself`);
  }
  if (!owner.controller) {
    throw refuse(context, `node ${name} can only create pods with a controller owner reference set to itself`);
  }
  if (owner.blockOwnerDeletion) {
    throw refuse(context, `node ${name} must not set blockOwnerDeletion on an owner reference`);
  }
  const uid = reader.get(nodeKind, "", node)?.metadata.uid;
  if (uid === undefined) throw errors.notFound({ group: "", resource: "node" }, node);
  if (owner.uid !== uid) throw refuse(context, `node ${node} UID mismatch: expected ${owner.uid} got ${uid}`);
  const [reference] = [...referencesOf(spec)].filter((one) => !one.startsWith("serviceaccounts/default"));
  if (reference) throw refuse(context, `node ${name} can not create pods that reference ${reference.split("/")[0]}`);
}

function admitPod(node: string, context: AdmissionContext, reader: ObjectReader): void {
  const name = quote(node);
  const existing = context.oldObject as Pod | undefined;
  if (!["", "status", "eviction"].includes(context.subresource)) {
    const only = "only 'status' and 'eviction' are allowed";
    throw refuse(context, `unexpected pod subresource ${quote(context.subresource)}, ${only}`);
  }
  switch (`${context.operation} ${context.subresource}`) {
    case "CREATE ":
      return admitPodCreate(node, context, reader);
    case "DELETE ":
      if (existing && existing.spec.nodeName !== node) {
        throw refuse(context, `node ${name} can only delete pods with spec.nodeName set to itself`);
      }
      return;
    case "UPDATE status": {
      if (existing?.spec.nodeName !== node) {
        throw refuse(context, `node ${name} can only update pod status for pods with spec.nodeName set to itself`);
      }
      const updated = context.object as unknown as Pod;
      if (!same(updated.metadata.labels, existing.metadata.labels)) {
        throw refuse(context, `node ${name} cannot update labels through pod status`);
      }
      return;
    }
    case "CREATE eviction":
      if (reader.get(podKind, context.namespace, context.name)?.spec.nodeName !== node) {
        throw refuse(context, `node ${node} can only evict pods with spec.nodeName set to itself`);
      }
      return;
    default: {
      const why = `unexpected operation ${quote(context.operation)}, node ${name} can only create and delete mirror pods`;
      throw refuse(context, why);
    }
  }
}

function admitNode(node: string, context: AdmissionContext): void {
  const object = context.object as unknown as Node | undefined;
  const requested = context.name || object?.metadata.name;
  if (requested !== node) {
    throw refuse(context, `node ${quote(node)} is not allowed to modify node ${quote(requested)}`);
  }
  if (!object) return;
  const old = context.oldObject as Node | undefined;
  const labels = forbiddenLabels(object.metadata.labels, old?.metadata.labels);
  if (context.operation === "CREATE") {
    if (labels.length === 0) return;
    throw refuse(context, `node ${quote(node)} is not allowed to set the following labels: ${labels.join(", ")}`);
  }
  if (!same(object.spec?.taints, old?.spec?.taints)) {
    throw refuse(context, `node ${quote(node)} is not allowed to modify taints`);
  }
  if (!same(object.metadata.ownerReferences, old?.metadata.ownerReferences)) {
    throw refuse(context, `node ${quote(node)} is not allowed to modify ownerReferences`);
  }
  if (labels.length > 0) throw refuse(context, `is not allowed to modify labels: ${labels.join(", ")}`);
}

async function admitToken(
  node: string,
  context: AdmissionContext,
  reader: ObjectReader,
  authorizer: Authorizer,
): Promise<void> {
  if (context.operation !== "CREATE" || context.subresource !== "token") return;
  const bound = (context.object as unknown as TokenRequest).spec.boundObjectRef;
  if (!bound || bound.kind !== "Pod" || bound.apiVersion !== "v1" || !bound.name) {
    throw refuse(context, "node requested token not bound to a pod");
  }
  if (!bound.uid) throw refuse(context, "node requested token with a pod binding without a uid");
  const found = reader.get(podKind, context.namespace, bound.name);
  if (!found) throw errors.notFound({ group: "", resource: "pod" }, bound.name);
  if (found.metadata.uid !== bound.uid) {
    const mismatch = `the UID in the bound object reference (${bound.uid}) does not match the UID in record`;
    throw refuse(context, `${mismatch}. The object might have been deleted and then recreated`);
  }
  if (found.spec.nodeName !== node) {
    throw refuse(context, "node requested token bound to a pod scheduled on a different node");
  }
  await checkAudience(context, found, authorizer);
}

/** A token's audience is one that the pod asks for, or one that a role lets this node ask for (KEP-4412). */
async function checkAudience(context: AdmissionContext, found: Pod, authorizer: Authorizer): Promise<void> {
  const { audiences = [] } = (context.object as unknown as TokenRequest).spec;
  if (audiences.length > 1) throw refuse(context, "node may only request 0 or 1 audiences");
  const [audience = ""] = audiences;
  const projected = (found.spec.volumes ?? []).flatMap((volume) => volume.projected?.sources ?? []);
  const isAsked = projected.some((source) => {
    return source.serviceAccountToken && (source.serviceAccountToken.audience ?? "") === audience;
  });
  if (isAsked) return;
  const decision = await authorizer.authorize({
    user: context.user,
    verb: "request-serviceaccounts-token-audience",
    namespace: context.namespace,
    apiGroup: "",
    apiVersion: "v1",
    resource: audience,
    subresource: "",
    name: context.name,
    resourceRequest: true,
    path: "",
  });
  if (decision.allowed) return;
  const who = `${context.user.username} is not authorized to request tokens for this audience`;
  throw refuse(context, `audience ${quote(audience)} not found in pod spec volume, ${who}`);
}

function admitCsiNode(node: string, context: AdmissionContext): void {
  const name = context.name || (context.object as unknown as CSINode | undefined)?.metadata.name;
  if (name !== node) throw refuse(context, "can only access CSINode with the same name as the requesting node");
}

function admitSlice(node: string, context: AdmissionContext): void {
  const verb = { CREATE: "create", DELETE: "delete" }[context.operation as string];
  if (!verb) return;
  const slice = (verb === "create" ? context.object : context.oldObject) as unknown as ResourceSlice | undefined;
  if (slice && slice.spec.nodeName !== node) {
    throw refuse(context, `can only ${verb} ResourceSlice with the same NodeName as the requesting node`);
  }
}

function admitLease(node: string, context: AdmissionContext): void {
  const name = context.name || (context.object as unknown as Lease | undefined)?.metadata.name;
  if (context.namespace !== "kube-node-lease") {
    throw refuse(context, 'can only access leases in the "kube-node-lease" system namespace');
  }
  if (name !== node) throw refuse(context, "can only access node lease with the same name as the requesting node");
}

/** `authorizer` is asked which audiences a node may ask tokens for. */
export function nodeRestriction(reader: ObjectReader, authorizer: Authorizer): AdmissionPlugin {
  return {
    name: "NodeRestriction",
    operations: ["CREATE", "UPDATE", "DELETE"],
    // Async only where a token's audience is judged.
    mutate(context): void | Promise<void> {
      const node = nodeOf(context.user);
      if (node === undefined) return;
      if (node === "") throw refuse(context, `could not determine node from user ${quote(context.user.username)}`);
      const { group, resource } = context.resource;
      switch (group ? `${resource}.${group}` : resource) {
        case "pods":
          return admitPod(node, context, reader);
        case "nodes":
          return admitNode(node, context);
        case "persistentvolumeclaims":
          if (context.subresource !== "status") throw refuse(context, "may only update PVC status");
          return;
        case "serviceaccounts":
          return admitToken(node, context, reader, authorizer);
        case "leases.coordination.k8s.io":
          return admitLease(node, context);
        case "csinodes.storage.k8s.io":
          return admitCsiNode(node, context);
        case "resourceslices.resource.k8s.io":
          return admitSlice(node, context);
        default:
      }
    },
  };
}
