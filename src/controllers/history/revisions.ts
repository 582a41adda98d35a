// The history of DaemonSets and StatefulSets: ControllerRevisions that each hold a template. Upstream:
// pkg/controller/history. May import src/base, src/kinds, src/client.
import { controllerRevision as controllerRevisionKind } from "../../kinds/apps/controller-revision.ts";
import type { Kind } from "../../kinds/kind.ts";
import { semanticEqual } from "../../kinds/meta/equality.ts";
import type { Draft, KubernetesObject } from "../../kinds/object.ts";
import { isControlledBy } from "../../kinds/pod/ownership.ts";
import type { ControllerRevision } from "../../kinds/types/apps-v1.gen.ts";
import type { PodTemplateSpec } from "../../kinds/types/core-v1.gen.ts";
import type { Change, Refused, View } from "../controller.ts";
import { candidates, claim } from "../replication/claim.ts";
import { controllerReference } from "../replication/pod-control.ts";
import { canonicalJson, safeEncode } from "./template-hash.ts";

/** What a pod's label says which revision it is of. */
export const revisionLabel = "controller-revision-hash";
const historyLabel = "controller.kubernetes.io/hash";
/** Characters of the owner's name in a revision's name. */
const prefixCharactersMax = 223;
export const anyRevision = controllerRevisionKind as unknown as Kind;

/** FNV-1, 32 bits. */
function fnv32(bytes: Iterable<number>): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = (Math.imul(hash, 0x01000193) ^ byte) >>> 0;
  return hash;
}

/** Go escapes these letters in JSON. */
const goEscapes: Readonly<Record<string, string>> = { "<": "\\u003c", ">": "\\u003e", "&": "\\u0026" };
const revisionHash = (data: unknown, collisionCount: number): string => {
  const text = canonicalJson(data).replaceAll(/[<>&]/g, (letter) => goEscapes[letter]!);
  return safeEncode(String(fnv32(new TextEncoder().encode(text + String(collisionCount)))));
};

/**
 * What a revision holds: a patch that puts the template in place of any other. Its keys are sorted, as Go writes maps:
 * clients compare the bytes.
 */
export const templatePatch = (template: PodTemplateSpec): object =>
  JSON.parse(canonicalJson({ spec: { template: { ...template, $patch: "replace" } } })) as object;
/** The template that a revision holds. */
export function templateOf(revision: ControllerRevision): PodTemplateSpec {
  const { spec } = revision.data as unknown as { spec: { template: PodTemplateSpec & { $patch?: string } } };
  const { $patch: _patch, ...template } = spec.template;
  return template as PodTemplateSpec;
}
export const holdsTemplate = (revision: ControllerRevision, template: PodTemplateSpec): boolean =>
  semanticEqual(revision.data, templatePatch(template));

const order = (a: ControllerRevision, b: ControllerRevision): number =>
  a.revision - b.revision ||
  Date.parse(a.metadata.creationTimestamp) - Date.parse(b.metadata.creationTimestamp) ||
  (a.metadata.name < b.metadata.name ? -1 : 1);

export interface RevisionOwner {
  readonly kind: Kind;
  readonly owner: KubernetesObject & { readonly spec: { readonly template: PodTemplateSpec } };
  readonly collisionCount: number | undefined;
  matches(labels: Readonly<Record<string, string>> | undefined): boolean;
  /** The change that writes another count of collisions down. */
  writeCollisionCount(count: number): Change;
}

/** The owner's revisions, oldest first, and what adopts or releases them. */
export function listRevisions(
  view: View,
  { kind, owner, matches }: RevisionOwner,
): { revisions: ControllerRevision[]; changes: Change[] } {
  const { claimed, changes } = claim(candidates(view, controllerRevisionKind, owner), {
    ownerKind: kind,
    owner,
    kind: controllerRevisionKind,
    matches: ({ metadata }) => matches(metadata.labels),
  });
  return { revisions: claimed.toSorted(order), changes };
}

/** A new revision with the owner's present template. `labels` gives those that bear its hash. */
function createRevision(of: RevisionOwner, revision: number, view: View, hashLabels: readonly string[]): Change {
  const { kind, owner, collisionCount = 0 } = of;
  const { name, namespace, annotations } = owner.metadata;
  const data = templatePatch(owner.spec.template);
  const hash = revisionHash(data, collisionCount);
  const labels = Object.fromEntries(hashLabels.map((label) => [label, hash]));
  const draft = {
    metadata: {
      name: `${name.slice(0, prefixCharactersMax)}-${hash}`,
      namespace,
      labels: { ...owner.spec.template.metadata?.labels, ...labels },
      annotations: { ...annotations },
      ownerReferences: [controllerReference(kind, owner)],
    },
    data,
    revision,
  };
  return {
    do: "create",
    kind: anyRevision,
    object: draft as unknown as Draft<KubernetesObject> & object,
    refused(error): Refused | undefined {
      if (error.reason !== "AlreadyExists") return undefined;
      const found = view.get(controllerRevisionKind, namespace, draft.metadata.name);
      const ours = found && isControlledBy(found, owner.metadata.uid) && holdsTemplate(found, owner.spec.template);
      return { changes: found && !ours ? [of.writeCollisionCount(collisionCount + 1)] : [], next: "retry" };
    },
  };
}

export interface Revisions {
  /** All, oldest first. */
  readonly all: readonly ControllerRevision[];
  /** The one of the present template; undefined while it is being made. */
  readonly update: ControllerRevision | undefined;
  /** What makes it, or makes it the newest again. */
  readonly changes: readonly Change[];
}

/** Finds the revision of the owner's present template among `revisions` (oldest first). */
export function findUpdateRevision(
  of: RevisionOwner,
  revisions: readonly ControllerRevision[],
  view: View,
  hashLabels: readonly string[] = [historyLabel],
): Revisions {
  const last = revisions.at(-1);
  const next = (last?.revision ?? 0) + 1;
  const equal = revisions.findLast((one) => holdsTemplate(one, of.owner.spec.template));
  if (!equal) return { all: revisions, update: undefined, changes: [createRevision(of, next, view, hashLabels)] };
  if (equal === last) return { all: revisions, update: equal, changes: [] };
  const renewed: ControllerRevision = { ...equal, revision: next };
  return { all: revisions, update: undefined, changes: [{ do: "update", kind: anyRevision, object: renewed }] };
}

/** Deletes revisions that nothing uses, oldest first, beyond the number that is kept. */
export function truncateHistory(
  revisions: readonly ControllerRevision[],
  live: ReadonlySet<string>,
  limit: number,
): Change[] {
  const unused = revisions.filter(({ metadata }) => !live.has(metadata.name));
  const excess = unused.slice(0, Math.max(0, unused.length - limit));
  return excess.map((object) => ({ do: "delete", kind: anyRevision, object }));
}
