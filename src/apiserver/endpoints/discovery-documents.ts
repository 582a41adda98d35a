// The discovery documents, plain and aggregated, made of the kinds that are served. Order is that of upstream's groups.
// May import src/base and src/kinds.
import type { Crypto } from "../../base/crypto.ts";
import type { Kind, Subresource } from "../../kinds/kind.ts";
import { apiVersionOf } from "../../kinds/kind.ts";
import type { Registry, Resource } from "../registry.ts";

/** Upstream's order of groups; others follow, by name. */
const groupOrder = [
  "",
  "apiregistration.k8s.io",
  "apps",
  "events.k8s.io",
  "authentication.k8s.io",
  "authorization.k8s.io",
  "autoscaling",
  "batch",
  "certificates.k8s.io",
  "networking.k8s.io",
  "policy",
  "rbac.authorization.k8s.io",
  "storage.k8s.io",
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "scheduling.k8s.io",
  "coordination.k8s.io",
  "node.k8s.io",
  "discovery.k8s.io",
  "resource.k8s.io",
  "flowcontrol.apiserver.k8s.io",
];

const stability = /^v([0-9]+)(?:(alpha|beta)([0-9]+))?$/;

/** Versions as clients prefer them: GA before beta before alpha, newer before older. */
export function compareVersions(left: string, right: string): number {
  const [one, other] = [stability.exec(left), stability.exec(right)];
  if (!one || !other) return one ? -1 : other ? 1 : left < right ? -1 : 1;
  const rank = (match: RegExpExecArray): number => (match[2] === undefined ? 2 : match[2] === "beta" ? 1 : 0);
  if (rank(one) !== rank(other)) return rank(other) - rank(one);
  if (one[1] !== other[1]) return Number(other[1]) - Number(one[1]);
  return Number(other[3] ?? 0) - Number(one[3] ?? 0);
}

export interface GroupVersions {
  readonly group: string;
  /** version → its resources, by name; the preferred one first. */
  readonly versions: readonly { readonly version: string; readonly resources: readonly Resource[] }[];
}

/** What is served, in discovery's order. */
export function groupsOf(registry: Registry): GroupVersions[] {
  const groups = new Map<string, Map<string, Resource[]>>();
  for (const resource of registry.resources()) {
    const { group, version } = resource.kind;
    const versions = groups.get(group) ?? new Map<string, Resource[]>();
    groups.set(group, versions);
    versions.set(version, [...(versions.get(version) ?? []), resource]);
  }
  const place = (group: string): number => {
    const at = groupOrder.indexOf(group);
    return at < 0 ? groupOrder.length : at;
  };
  return [...groups]
    .sort(([left], [right]) => place(left) - place(right) || (left < right ? -1 : 1))
    .map(([group, versions]) => ({
      group,
      versions: [...versions]
        .sort(([left], [right]) => compareVersions(left, right))
        .map(([version, resources]) => ({
          version,
          resources: resources.toSorted((left, right) => (left.kind.plural < right.kind.plural ? -1 : 1)),
        })),
    }));
}

/** Where a kind is stored, as a hash that clients compare: base64 of the first 8 bytes of SHA-256. */
function storageVersionHash(crypto: Crypto, kind: Kind): string {
  const { group, version, kind: name } = kind.storedAs ?? kind;
  const hash = crypto.sha256(new TextEncoder().encode(`${group}/${version}/${name}`));
  return btoa(String.fromCharCode(...hash.subarray(0, 8)));
}

const subresourceBodies: Readonly<Record<string, string>> = {
  "pods/attach": "PodAttachOptions",
  "pods/exec": "PodExecOptions",
  "pods/portforward": "PodPortForwardOptions",
  "pods/proxy": "PodProxyOptions",
  "services/proxy": "ServiceProxyOptions",
  "nodes/proxy": "NodeProxyOptions",
};

interface Body {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** The kind that a subresource takes; without group and version: of the resource's own. */
function bodyOf(kind: Kind, subresource: Subresource): Body {
  if (subresource.body) {
    const { group, version, kind: name } = subresource.body;
    const own = group === kind.group && version === kind.version;
    return { group: own ? "" : group, version: own ? "" : version, kind: name };
  }
  if (subresource.name === "scale") return { group: "autoscaling", version: "v1", kind: "Scale" };
  const name = subresourceBodies[`${kind.plural}/${subresource.name}`] ?? kind.kind;
  return { group: "", version: "", kind: name };
}

const byName = (left: Subresource, right: Subresource): number => (left.name < right.name ? -1 : 1);

function resourceEntries(resource: Resource, crypto: Crypto): object[] {
  const { kind } = resource;
  const { plural, singular, namespaced, verbs, shortNames, categories } = kind;
  const main = {
    name: plural,
    singularName: singular,
    namespaced,
    kind: kind.kind,
    verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
    ...(kind.virtual || resource.custom ? {} : { storageVersionHash: storageVersionHash(crypto, kind) }),
  };
  const others = kind.subresources.toSorted(byName).map((subresource) => {
    const body = bodyOf(kind, subresource);
    const foreign = body.version === "" ? {} : { group: body.group, version: body.version };
    const name = `${plural}/${subresource.name}`;
    return { name, singularName: "", namespaced, ...foreign, kind: body.kind, verbs: subresource.verbs };
  });
  return [main, ...others];
}

/** /apis/GROUP/VERSION */
export function resourceList(resources: readonly Resource[], crypto: Crypto): object {
  const { kind } = resources[0]!;
  return {
    kind: "APIResourceList",
    ...(kind.group ? { apiVersion: "v1" } : {}),
    groupVersion: apiVersionOf(kind),
    resources: resources.flatMap((resource) => resourceEntries(resource, crypto)),
  };
}

/** One group as /apis lists it. */
export function groupEntry({ group, versions }: GroupVersions): object {
  const all = versions.map(({ version }) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: all, preferredVersion: all[0] };
}

/** /apis and /api with Accept: …;as=APIGroupDiscoveryList */
export function aggregated(groups: readonly GroupVersions[]): object {
  const items = groups.map(({ group, versions }) => ({
    metadata: group ? { name: group } : {},
    versions: versions.map(({ version, resources }) => ({
      version,
      resources: resources.map(aggregatedResource),
      freshness: "Current",
    })),
  }));
  return { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items };
}

function aggregatedResource({ kind, custom }: Resource): object {
  const { plural, singular, namespaced, verbs, shortNames, categories } = kind;
  const own = custom ? { group: kind.group, version: kind.version } : { group: "", version: "" };
  const subresources = kind.subresources.toSorted(byName).map((subresource) => {
    const body = bodyOf(kind, subresource);
    const responseKind = body.version === "" ? { ...own, kind: body.kind } : body;
    return { subresource: subresource.name, responseKind, verbs: subresource.verbs };
  });
  return {
    resource: plural,
    responseKind: { ...own, kind: kind.kind },
    scope: namespaced ? "Namespaced" : "Cluster",
    singularResource: singular,
    verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}
