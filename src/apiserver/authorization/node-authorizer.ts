// The node authorizer: a kubelet (system:node:NAME of system:nodes) reads only what the pods bound to its node need, and
// writes only what is its own. Upstream: plugin/pkg/auth/authorizer/node. May import src/base and src/kinds.
import { pod } from "../../kinds/core/pod.ts";
import { persistentVolume } from "../../kinds/core/persistent-volume.ts";
import { persistentVolumeClaim } from "../../kinds/core/persistent-volume-claim.ts";
import { resourceSlice } from "../../kinds/resource/resource-slice.ts";
import { volumeAttachment } from "../../kinds/storage/volume-attachment.ts";
import type { Pod, PodSpec, Volume } from "../../kinds/types/core-v1.gen.ts";
import type { UserInfo } from "../../kinds/request.ts";
import type { ObjectReader } from "../object-reader.ts";
import type { Attributes, Authorizer, Decision, RuleList } from "../ports.ts";
import { nodeRules } from "./node-rules.ts";
import { ruleAllows } from "./rule-match.ts";

const mirrorAnnotation = "kubernetes.io/config.mirror";
const userPrefix = "system:node:";
const nodesGroup = "system:nodes";

/** The node that a user is; undefined: he is none. */
export function nodeOf(user: UserInfo): string | undefined {
  if (!user.username.startsWith(userPrefix) || !user.groups.includes(nodesGroup)) return undefined;
  return user.username.slice(userPrefix.length);
}

const no = (reason: string): Decision => ({ allowed: false, reason });
const yes: Decision = { allowed: true, reason: "" };

const readVerbs = ["get", "list", "watch"];
const ownVerbs = ["get", "create", "update", "patch", "delete"];

/** Secrets that volumes of the in-tree kinds name. */
const olderVolumeSecrets = (volume: Volume): (string | undefined)[] => [
  volume.azureFile?.secretName,
  volume.cephfs?.secretRef?.name,
  volume.cinder?.secretRef?.name,
  volume.flexVolume?.secretRef?.name,
  volume.iscsi?.secretRef?.name,
  volume.rbd?.secretRef?.name,
  volume.scaleIO?.secretRef?.name,
  volume.storageos?.secretRef?.name,
];

/** Claims that are made for the pod, and those that it names. */
function* claimsOf({ metadata, spec, status }: Pod): Generator<string> {
  for (const { name, ephemeral } of spec.volumes ?? []) {
    if (ephemeral) yield `persistentvolumeclaims/${metadata.name}-${name}`;
  }
  for (const { resourceClaimName } of spec.resourceClaims ?? []) {
    if (resourceClaimName) yield `resourceclaims/${resourceClaimName}`;
  }
  for (const { resourceClaimName } of status?.resourceClaimStatuses ?? []) {
    if (resourceClaimName) yield `resourceclaims/${resourceClaimName}`;
  }
}

/** "secrets/NAME" and the like for all that a pod's kubelet has to read. */
export function* referencesOf(spec: PodSpec): Generator<string> {
  yield `serviceaccounts/${spec.serviceAccountName ?? "default"}`;
  for (const secret of spec.imagePullSecrets ?? []) yield `secrets/${secret.name}`;
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
  for (const container of containers) {
    for (const { configMapRef, secretRef } of container.envFrom ?? []) {
      if (configMapRef) yield `configmaps/${configMapRef.name}`;
      if (secretRef) yield `secrets/${secretRef.name}`;
    }
    for (const { valueFrom } of container.env ?? []) {
      if (valueFrom?.configMapKeyRef) yield `configmaps/${valueFrom.configMapKeyRef.name}`;
      if (valueFrom?.secretKeyRef) yield `secrets/${valueFrom.secretKeyRef.name}`;
    }
  }
  for (const volume of spec.volumes ?? []) {
    if (volume.configMap) yield `configmaps/${volume.configMap.name}`;
    if (volume.secret) yield `secrets/${volume.secret.secretName}`;
    if (volume.persistentVolumeClaim) yield `persistentvolumeclaims/${volume.persistentVolumeClaim.claimName}`;
    for (const source of volume.projected?.sources ?? []) {
      if (source.configMap) yield `configmaps/${source.configMap.name}`;
      if (source.secret) yield `secrets/${source.secret.name}`;
    }
    for (const secret of olderVolumeSecrets(volume)) if (secret) yield `secrets/${secret}`;
    if (volume.csi?.nodePublishSecretRef) yield `secrets/${volume.csi.nodePublishSecretRef.name}`;
  }
}

export class NodeAuthorizer implements Authorizer {
  readonly #reader: ObjectReader;
  /** node → "namespace/secrets/name" → how many of its pods need it */
  readonly #needs = new Map<string, Map<string, number>>();

  constructor(reader: ObjectReader) {
    this.#reader = reader;
    reader.onChange(pod, (object, old) => this.#change(object, old));
  }

  #change(object: Pod | undefined, old: Pod | undefined): void {
    // A pod's references change only with its ephemeral containers and its binding: mostly there is nothing to do.
    if (object && old && object.spec === old.spec) return;
    if (old) this.#count(old, -1);
    if (object) this.#count(object, 1);
  }

  #count(counted: Pod, by: 1 | -1): void {
    const { metadata, spec } = counted;
    // A mirror pod is the kubelet's own word: it gives the kubelet no right to anything.
    if (!spec.nodeName || metadata.annotations?.[mirrorAnnotation] !== undefined) return;
    const needs = this.#needs.get(spec.nodeName) ?? new Map<string, number>();
    this.#needs.set(spec.nodeName, needs);
    for (const reference of new Set([...referencesOf(spec), ...claimsOf(counted)])) {
      const key = `${metadata.namespace}/${reference}`;
      const count = (needs.get(key) ?? 0) + by;
      if (count > 0) needs.set(key, count);
      else needs.delete(key);
    }
    if (needs.size === 0) this.#needs.delete(spec.nodeName);
  }

  #needed(node: string, namespace: string, resource: string, name: string): boolean {
    return this.#needs.get(node)?.has(`${namespace}/${resource}/${name}`) ?? false;
  }

  authorize(attributes: Attributes): Decision {
    const node = nodeOf(attributes.user);
    if (node === undefined) return no("");
    if (node === "") return no(`unknown node for user ${JSON.stringify(attributes.user.username)}`);
    const special = attributes.resourceRequest ? this.#special(node, attributes) : undefined;
    if (special) return special;
    return nodeRules.some((rule) => ruleAllows(rule, attributes)) ? yes : no("");
  }

  rulesFor(user: UserInfo): RuleList {
    const isNode = nodeOf(user) !== undefined;
    return {
      resourceRules: [],
      nonResourceRules: [],
      incomplete: isNode,
      ...(isNode ? { evaluationError: "node authorizer does not support user rule resolution" } : {}),
    };
  }

  /** What depends on the node; undefined: the fixed rules decide. */
  #special(node: string, attributes: Attributes): Decision | undefined {
    const { apiGroup, resource, subresource, verb } = attributes;
    switch (apiGroup ? `${resource}.${apiGroup}` : resource) {
      case "secrets":
      case "configmaps":
        if (!readVerbs.includes(verb)) return no("can only read resources of this type");
        if (subresource) return no("cannot read subresource");
        if (!attributes.namespace) return no("can only read namespaced object of this type");
        return this.#related(node, attributes);
      case "persistentvolumeclaims":
        if (subresource === "status") {
          return ["update", "patch"].includes(verb)
            ? this.#related(node, attributes)
            : no("can only get/update/patch this type");
        }
        return this.#getOnly(node, attributes);
      case "persistentvolumes":
      case "resourceclaims.resource.k8s.io":
      case "volumeattachments.storage.k8s.io":
        return this.#getOnly(node, attributes);
      case "csinodes.storage.k8s.io":
        return authorizeCsiNode(node, attributes);
      case "resourceslices.resource.k8s.io":
        return this.#slice(node, attributes);
      case "serviceaccounts":
        return this.#serviceAccount(node, attributes);
      case "leases.coordination.k8s.io":
        return this.#lease(node, attributes);
      case "nodes":
        return this.#node(node, attributes);
      case "pods":
        return this.#pods(node, attributes);
      default:
        return undefined;
    }
  }

  #getOnly(node: string, attributes: Attributes): Decision {
    if (attributes.verb !== "get") return no("can only get individual resources of this type");
    if (attributes.subresource) return no("cannot get subresource");
    return this.#related(node, attributes);
  }

  #related(node: string, { namespace, resource, name }: Attributes): Decision {
    if (!name) return no("No Object name found");
    return this.#isRelated(node, namespace, resource, name)
      ? yes
      : no(`no relationship found between node '${node}' and this object`);
  }

  #isRelated(node: string, namespace: string, resource: string, name: string): boolean {
    switch (resource) {
      case "persistentvolumes":
        return this.#volumeNeeded(node, name);
      case "volumeattachments":
        return this.#reader.get(volumeAttachment, "", name)?.spec.nodeName === node;
      case "resourceslices":
        return this.#reader.get(resourceSlice, "", name)?.spec.nodeName === node;
      default:
        return this.#needed(node, namespace, resource, name);
    }
  }

  #slice(node: string, attributes: Attributes): Decision {
    const { verb, subresource } = attributes;
    if (subresource) return no("cannot authorize ResourceSlice subresources");
    if (verb === "create") return yes;
    if (["get", "update", "patch", "delete"].includes(verb)) return this.#related(node, attributes);
    const verbs = "get, watch, list, create, update, patch, delete, deletecollection";
    if (!["watch", "list", "deletecollection"].includes(verb)) {
      return no(`only the following verbs are allowed for a ResourceSlice: ${verbs}`);
    }
    return selectsNode(attributes, "spec.nodeName", node)
      ? yes
      : no("can only list/watch/deletecollection resourceslices with nodeName field selector");
  }

  #volumeNeeded(node: string, name: string): boolean {
    const claim = this.#reader.get(persistentVolume, "", name)?.spec.claimRef;
    if (!claim?.namespace || !claim.name) return false;
    const bound = this.#reader.get(persistentVolumeClaim, claim.namespace, claim.name)?.spec.volumeName === name;
    return bound && this.#needed(node, claim.namespace, "persistentvolumeclaims", claim.name);
  }

  #serviceAccount(node: string, attributes: Attributes): Decision {
    if (attributes.verb === "get" && !attributes.subresource) return this.#related(node, attributes);
    if (attributes.verb !== "create" || !attributes.name) {
      return no("can only create tokens for individual service accounts");
    }
    if (attributes.subresource !== "token") return no("can only create token subresource of serviceaccount");
    return this.#related(node, attributes);
  }

  #lease(node: string, { verb, namespace, name }: Attributes): Decision {
    if (!ownVerbs.includes(verb)) return no("can only get, create, update, patch, or delete a node lease");
    if (namespace !== "kube-node-lease") {
      return no('can only access leases in the "kube-node-lease" system namespace');
    }
    if (verb !== "create" && name !== node) {
      return no("can only access node lease with the same name as the requesting node");
    }
    return yes;
  }

  #node(node: string, attributes: Attributes): Decision | undefined {
    const { verb, name, subresource } = attributes;
    if (subresource || !readVerbs.includes(verb)) return undefined;
    if (name === node) return yes;
    const what = name ? `'${name}'` : "all nodes";
    return no(`node '${node}' cannot read ${what}, only its own Node object`);
  }

  #pods(node: string, attributes: Attributes): Decision | undefined {
    const { verb, name, namespace, subresource } = attributes;
    if (subresource) return undefined;
    const related = (): Decision => {
      return this.#reader.get(pod, namespace, name)?.spec.nodeName === node
        ? yes
        : no(`no relationship found between node '${node}' and this object`);
    };
    if (verb === "get") return related();
    if (verb !== "list" && verb !== "watch") return undefined;
    if (selectsNode(attributes, "spec.nodeName", node)) return yes;
    return name ? related() : no("can only list/watch pods with spec.nodeName field selector");
  }
}

/** Whether the field selector lets only this node's objects through. */
const selectsNode = ({ fieldSelector }: Attributes, field: string, node: string): boolean =>
  (fieldSelector ?? []).some(
    ({ key, operator, values }) =>
      key === field && ["=", "==", "In"].includes(operator) && values.length === 1 && values[0] === node,
  );

/** At its creation the name isn't known here: NodeRestriction looks at it. */
function authorizeCsiNode(node: string, { verb, subresource, name }: Attributes): Decision {
  if (!ownVerbs.includes(verb)) return no("can only get, create, update, patch, or delete a CSINode");
  if (subresource) return no("cannot authorize CSINode subresources");
  if (verb !== "create" && name !== node) {
    return no("can only access CSINode with the same name as the requesting node");
  }
  return yes;
}
