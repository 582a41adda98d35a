// The garbage collector: objects whose owners are gone go too; owners that are deleted in the foreground wait for their
// dependents; orphans are released. Upstream: pkg/controller/garbagecollector. May import src/base, src/kinds, src/client.
import { StatusError } from "../../base/errors.ts";
import type { Client, DeleteOptions } from "../../client/client.ts";
import { dependentIndex } from "../../client/informer-set.ts";
import type { Kind } from "../../kinds/kind.ts";
import type { KubernetesObject } from "../../kinds/object.ts";
import type { OwnerReference } from "../../kinds/types/meta-v1.gen.ts";
import type { Change, Controller, Reconciled, Source, View } from "../controller.ts";

const foregroundFinalizer = "foregroundDeletion";
const orphanFinalizer = "orphan";

/**
 * The owners of an object by uid, found out from the API itself where the view does not have them; undefined: gone.
 * No map at all: one of them cannot be judged (a kind that is not served, a namespaced owner of a cluster-wide
 * object), so the object is left alone.
 */
export type Owners = ReadonlyMap<string, KubernetesObject | undefined> | undefined;

/** Upstream's ignored resources: events own nothing and are owned by nobody, and there are many. */
const isIgnored = ({ group, plural }: Kind): boolean =>
  plural === "events" && (group === "" || group === "events.k8s.io");

/** An object that names another as its owner. */
export interface Dependent {
  readonly kind: Kind;
  readonly object: KubernetesObject;
}

const isDeleting = ({ metadata }: KubernetesObject): boolean => metadata.deletionTimestamp !== undefined;
const has = ({ metadata }: KubernetesObject, finalizer: string): boolean =>
  metadata.finalizers?.includes(finalizer) ?? false;
const waitsForDependents = (object: KubernetesObject): boolean =>
  isDeleting(object) && has(object, foregroundFinalizer);

export function garbageCollector(kinds: () => readonly Kind[]): Controller<Owners> {
  // Kinds that are served in two versions are one to the collector.
  const distinct = [...new Map(kinds().map((kind) => [kind.storageKey, kind])).values()].filter(
    (kind) => !kind.virtual && !isIgnored(kind) && kind.verbs.includes("watch") && kind.verbs.includes("delete"),
  );
  const byType = new Map(
    kinds().map((kind) => [`${kind.group ? `${kind.group}/` : ""}${kind.version} ${kind.kind}`, kind]),
  );
  const byKey = new Map(distinct.map((kind) => [kind.storageKey, kind]));
  const keyFor = (kind: Kind, { metadata }: KubernetesObject): string =>
    `${kind.storageKey} ${metadata.namespace ?? ""} ${metadata.name}`;
  const parse = (key: string): [Kind, string | undefined, string] => {
    const [storageKey, namespace, name] = key.split(" ");
    return [byKey.get(storageKey!)!, namespace || undefined, name!];
  };
  const kindOf = (owner: OwnerReference): Kind | undefined => {
    const named = byType.get(`${owner.apiVersion} ${owner.kind}`);
    return named && byKey.get(named.storageKey);
  };
  const dependentsOf = (view: View, uid: string): Dependent[] =>
    distinct.flatMap((kind) => view.byIndex(kind, dependentIndex, uid).map((object) => ({ kind, object })));
  const sources = distinct.map((kind): Source => {
    return {
      kind,
      keysOf(object, old, view) {
        const own = keyFor(kind, object);
        const dependents =
          isDeleting(object) || view.get(kind, object.metadata.namespace, object.metadata.name) === undefined
            ? dependentsOf(view, object.metadata.uid).map((one) => keyFor(one.kind, one.object))
            : [];
        // Owners that wait for their dependents may be able to go now.
        const named = [...(object.metadata.ownerReferences ?? []), ...(old?.metadata.ownerReferences ?? [])];
        const owners = named.flatMap((owner) => {
          const ownerKind = kindOf(owner);
          return ownerKind
            ? [`${ownerKind.storageKey} ${ownerKind.namespaced ? object.metadata.namespace : ""} ${owner.name}`]
            : [];
        });
        return [own, ...dependents, ...owners];
      },
    };
  });
  return {
    name: "generic-garbage-collector",
    sources,
    workers: 20,
    async gather(key, view, client) {
      const object = view.get(...parse(key));
      const owners = new Map<string, KubernetesObject | undefined>();
      for (const owner of object?.metadata.ownerReferences ?? []) {
        const kind = kindOf(owner);
        const { namespace } = object!.metadata;
        if (!kind || (kind.namespaced && namespace === undefined)) return undefined;
        owners.set(owner.uid, await findOwner(view, client, kind, owner, namespace));
      }
      return owners;
    },
    reconcile(key, view, _nowMs, owners) {
      const [kind, namespace, name] = parse(key);
      const object = view.get(kind, namespace, name);
      if (!object) return { changes: [] };
      const dependents = (): Dependent[] => dependentsOf(view, object.metadata.uid);
      return collect(kind, object, owners, dependents);
    },
  };
}

/** The owner with that uid; undefined: it is gone. */
async function findOwner(
  view: View,
  client: Client,
  kind: Kind,
  owner: OwnerReference,
  namespace: string | undefined,
): Promise<KubernetesObject | undefined> {
  const scope = kind.namespaced ? namespace : undefined;
  const seen = view.get(kind, scope, owner.name);
  if (seen?.metadata.uid === owner.uid) return seen;
  try {
    const found = await client.get(kind, owner.name, scope);
    return found.metadata.uid === owner.uid ? found : undefined;
  } catch (error) {
    if (error instanceof StatusError && error.code === 404) return undefined;
    throw error;
  }
}

/** What is to happen to one object. */
export function collect(
  kind: Kind,
  object: KubernetesObject,
  owners: Owners,
  dependents: () => readonly Dependent[],
): Reconciled {
  if (isDeleting(object)) {
    if (has(object, orphanFinalizer)) return { changes: orphan(kind, object, dependents()) };
    if (has(object, foregroundFinalizer)) return { changes: deleteForeground(kind, object, dependents()) };
    return { changes: [] };
  }
  const references = object.metadata.ownerReferences ?? [];
  if (references.length === 0 || !owners) return { changes: [] };
  const isSolid = (reference: OwnerReference): boolean => {
    const owner = owners.get(reference.uid);
    return owner !== undefined && !waitsForDependents(owner);
  };
  const solid = references.filter(isSolid);
  if (solid.length === references.length) return { changes: [] };
  if (solid.length > 0) return { changes: [setOwners(kind, object, solid)] };
  const waiting = references.some((reference) => owners.get(reference.uid) !== undefined);
  if (waiting) {
    const found = dependents();
    if (found.length > 0) return { changes: deleteInForeground(kind, object, found) };
  }
  const propagationPolicy = has(object, orphanFinalizer)
    ? "Orphan"
    : has(object, foregroundFinalizer)
      ? "Foreground"
      : "Background";
  return { changes: [remove(kind, object, propagationPolicy)] };
}

/** Refused when the object has changed since: it may have got another owner. */
function remove(kind: Kind, object: KubernetesObject, propagationPolicy: DeleteOptions["propagationPolicy"]): Change {
  const { uid, resourceVersion } = object.metadata;
  return { do: "delete", kind, object, options: { propagationPolicy, preconditions: { uid, resourceVersion } } };
}

/** An object whose dependents are being deleted in the foreground, too, may be part of a circle: it blocks nobody then. */
function deleteInForeground(kind: Kind, object: KubernetesObject, dependents: readonly Dependent[]): Change[] {
  const { ownerReferences = [], uid } = object.metadata;
  const circle = dependents.some((one) => waitsForDependents(one.object));
  if (!circle || !ownerReferences.some((owner) => owner.blockOwnerDeletion)) {
    return [remove(kind, object, "Foreground")];
  }
  const unblocked = ownerReferences.map((owner) => ({ ...owner, blockOwnerDeletion: false }));
  // Deleted as it is after the first change: that one has moved its version on.
  const options: DeleteOptions = { propagationPolicy: "Foreground", preconditions: { uid } };
  return [setOwners(kind, object, unblocked), { do: "delete", kind, object, options }];
}

const setOwners = (kind: Kind, object: KubernetesObject, ownerReferences: readonly OwnerReference[]): Change => ({
  do: "patch",
  kind,
  namespace: object.metadata.namespace,
  name: object.metadata.name,
  patch: {
    metadata: {
      uid: object.metadata.uid,
      resourceVersion: object.metadata.resourceVersion,
      ownerReferences: ownerReferences as never,
    },
  },
  options: { type: "merge" },
});

function dropFinalizer(kind: Kind, object: KubernetesObject, finalizer: string): Change {
  const { metadata } = object;
  const finalizers = (metadata.finalizers ?? []).filter((one) => one !== finalizer);
  return {
    do: "patch",
    kind,
    namespace: metadata.namespace,
    name: metadata.name,
    patch: { metadata: { uid: metadata.uid, resourceVersion: metadata.resourceVersion, finalizers } },
    options: { type: "merge" },
  };
}

function orphan(kind: Kind, object: KubernetesObject, dependents: readonly Dependent[]): Change[] {
  const { uid } = object.metadata;
  const released = dependents.map((dependent) => {
    const owners = dependent.object.metadata.ownerReferences ?? [];
    return setOwners(
      dependent.kind,
      dependent.object,
      owners.filter((owner) => owner.uid !== uid),
    );
  });
  return [...released, dropFinalizer(kind, object, orphanFinalizer)];
}

function deleteForeground(kind: Kind, object: KubernetesObject, dependents: readonly Dependent[]): Change[] {
  const { uid } = object.metadata;
  const blocks = (dependent: KubernetesObject): boolean =>
    dependent.metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.blockOwnerDeletion) ?? false;
  if (!dependents.some((one) => blocks(one.object))) return [dropFinalizer(kind, object, foregroundFinalizer)];
  // The dependents are deleted when their own turn comes: this object's change has asked for it.
  return [];
}
