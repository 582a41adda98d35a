// Discovery: which groups, versions and resources there are, derived from the list of kinds, in the plain documents
// (/api, /apis, /apis/GROUP, /apis/GROUP/VERSION) and the aggregated one. Source: k8s.io/apiserver endpoints/discovery.
// May import src/base.
import type { Crypto } from "../../base/crypto.ts";
import type { Kind, Subresource, Verb } from "../kind.ts";

/** What discovery needs of a kind; kinds of CustomResourceDefinitions have it too. */
export type DiscoveredKind = Pick<
  Kind,
  | "group"
  | "version"
  | "kind"
  | "plural"
  | "singular"
  | "shortNames"
  | "categories"
  | "namespaced"
  | "verbs"
  | "virtual"
> & { readonly subresources: readonly Pick<Subresource, "name" | "verbs" | "body">[] };

/** Upstream's order of groups (the priorities of their APIServices); groups that aren't here follow by name. */
const groupOrder: readonly string[] = [
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

/** Kinds that upstream stores in another version than the one they are served in; their hash tells that one. */
const storedAs: Readonly<Record<string, string>> = {
  "events.k8s.io/v1/Event": "/v1/Event",
  "autoscaling/v1/HorizontalPodAutoscaler": "autoscaling/v2/HorizontalPodAutoscaler",
  "apiextensions.k8s.io/v1/CustomResourceDefinition": "apiextensions.k8s.io/v1beta1/CustomResourceDefinition",
  "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy":
    "admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy",
  "admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding":
    "admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicyBinding",
};

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** [stability, major, minor] of "v1", "v2beta1"; undefined for versions of another form. */
function versionRank(version: string): [number, number, number] | undefined {
  const match = /^v([1-9][0-9]*)(?:(alpha|beta)([1-9][0-9]*))?$/.exec(version);
  if (!match) return undefined;
  const stability = match[2] === "alpha" ? 0 : match[2] === "beta" ? 1 : 2;
  return [stability, Number(match[1]), Number(match[3] ?? 0)];
}

/** Kubernetes' order of versions, the preferred first: v10, v2, v1, v2beta1, v1alpha1, then others by name. */
export function compareVersions(a: string, b: string): number {
  const left = versionRank(a);
  const right = versionRank(b);
  if (!left || !right) return left ? -1 : right ? 1 : byText(a, b);
  return right[0] - left[0] || right[1] - left[1] || right[2] - left[2];
}

interface GroupVersions {
  readonly group: string;
  readonly versions: readonly { readonly version: string; readonly kinds: readonly DiscoveredKind[] }[];
}

/** Groups in upstream's order, versions with the preferred first, kinds by their plural. */
export function groupKinds(kinds: readonly DiscoveredKind[]): GroupVersions[] {
  const groups = Map.groupBy(kinds, ({ group }) => group);
  const rank = (group: string): number => {
    const at = groupOrder.indexOf(group);
    return at < 0 ? groupOrder.length : at;
  };
  return [...groups]
    .toSorted(([a], [b]) => rank(a) - rank(b) || byText(a, b))
    .map(([group, members]) => ({
      group,
      versions: [...Map.groupBy(members, ({ version }) => version)]
        .toSorted(([a], [b]) => compareVersions(a, b))
        .map(([version, ofVersion]) => ({
          version,
          kinds: ofVersion.toSorted((a, b) => byText(a.plural, b.plural)),
        })),
    }));
}

const groupVersionOf = (group: string, version: string): string => (group ? `${group}/${version}` : version);
const sortedSubresources = (kind: DiscoveredKind): DiscoveredKind["subresources"] =>
  kind.subresources.toSorted((a, b) => byText(a.name, b.name));
const sortedVerbs = (verbs: readonly Verb[]): Verb[] => verbs.toSorted(byText);

/** `/api`: the versions of the core group. */
export function coreVersions(kinds: readonly DiscoveredKind[], serverAddress: string): object {
  const core = groupKinds(kinds).find(({ group }) => group === "");
  return {
    kind: "APIVersions",
    versions: (core?.versions ?? []).map(({ version }) => version),
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }],
  };
}

function groupOf({ group, versions }: GroupVersions): object {
  const list = versions.map(({ version }) => ({ groupVersion: groupVersionOf(group, version), version }));
  return { name: group, versions: list, preferredVersion: list[0] };
}

/** `/apis`: every group but the core one. */
export function groupList(kinds: readonly DiscoveredKind[]): object {
  const groups = groupKinds(kinds).filter(({ group }) => group !== "");
  return { kind: "APIGroupList", apiVersion: "v1", groups: groups.map(groupOf) };
}

/** `/apis/GROUP`; undefined where there is none. */
export function groupDocument(kinds: readonly DiscoveredKind[], group: string): object | undefined {
  const found = groupKinds(kinds).find((one) => one.group === group);
  return found && { kind: "APIGroup", apiVersion: "v1", ...groupOf(found) };
}

/**
 * The first eight bytes of a hash of the version that a kind is stored in, by which clients see that it has
 * changed.
 */
export function storageVersionHash(kind: DiscoveredKind, crypto: Crypto): string {
  const own = `${kind.group}/${kind.version}/${kind.kind}`;
  const text = Object.hasOwn(storedAs, own) ? storedAs[own]! : own;
  const hash = crypto.sha256(new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...hash.subarray(0, 8)));
}

function resourcesOf(kind: DiscoveredKind, crypto: Crypto): object[] {
  const { plural, singular, namespaced, shortNames, categories } = kind;
  const resource = {
    name: plural,
    singularName: singular,
    namespaced,
    kind: kind.kind,
    verbs: sortedVerbs(kind.verbs),
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
    ...(kind.virtual ? {} : { storageVersionHash: storageVersionHash(kind, crypto) }),
  };
  const subresources = sortedSubresources(kind).map(({ name, verbs, body }) => ({
    name: `${plural}/${name}`,
    singularName: "",
    namespaced,
    ...(body && (body.group !== kind.group || body.version !== kind.version)
      ? { group: body.group, version: body.version }
      : {}),
    kind: body?.kind ?? kind.kind,
    verbs: sortedVerbs(verbs),
  }));
  return [resource, ...subresources];
}

/** `/api/v1`, `/apis/GROUP/VERSION`; undefined where there is none. */
export function resourceList(
  kinds: readonly DiscoveredKind[],
  group: string,
  version: string,
  crypto: Crypto,
): object | undefined {
  const found = groupKinds(kinds)
    .find((one) => one.group === group)
    ?.versions.find((one) => one.version === version);
  return (
    found && {
      kind: "APIResourceList",
      // Upstream leaves the apiVersion out for the core group.
      ...(group ? { apiVersion: "v1" } : {}),
      groupVersion: groupVersionOf(group, version),
      resources: found.kinds.flatMap((kind) => resourcesOf(kind, crypto)),
    }
  );
}

function aggregatedResource(kind: DiscoveredKind): object {
  const { shortNames, categories } = kind;
  // An empty group and version mean those of the parent.
  const responseKind = (body: Subresource["body"]): object =>
    body && (body.group !== kind.group || body.version !== kind.version)
      ? { group: body.group, version: body.version, kind: body.kind }
      : { group: "", version: "", kind: body?.kind ?? kind.kind };
  return {
    resource: kind.plural,
    responseKind: responseKind(undefined),
    scope: kind.namespaced ? "Namespaced" : "Cluster",
    singularResource: kind.singular,
    verbs: sortedVerbs(kind.verbs),
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
    ...(kind.subresources.length > 0
      ? {
          subresources: sortedSubresources(kind).map(({ name, verbs, body }) => ({
            subresource: name,
            responseKind: responseKind(body),
            verbs: sortedVerbs(verbs),
          })),
        }
      : {}),
  };
}

/** The aggregated form (apidiscovery.k8s.io/v2) of `/api` ("core") or `/apis` ("groups"). */
export function aggregatedDiscovery(kinds: readonly DiscoveredKind[], part: "core" | "groups"): object {
  const groups = groupKinds(kinds).filter(({ group }) => (group === "") === (part === "core"));
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    metadata: {},
    items: groups.map(({ group, versions }) => ({
      metadata: group ? { name: group } : {},
      versions: versions.map(({ version, kinds: ofVersion }) => ({
        version,
        resources: ofVersion.map(aggregatedResource),
        freshness: "Current",
      })),
    })),
  };
}
