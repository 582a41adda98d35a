// The garbage collector: objects whose owners are gone go too; owners that are deleted in the foreground wait for their
// dependents; orphans are released. Upstream: pkg/controller/garbagecollector. May import src/base, src/kinds, src/client.
import { StatusError } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { dependentIndex } from "../../client/informer-set.ts";
import type { Kind } from "../../kinds/kind.ts";
import type { KubernetesObject } from "../../kinds/object.ts";
import type { OwnerReference } from "../../kinds/types/meta-v1.gen.ts";
import type { Change, Controller, Reconciled, Source, View } from "../controller.ts";

const foregroundFinalizer = "foregroundDeletion";
const orphanFinalizer = "orphan";

/** Which owners of an object exist, by uid; found out from the API itself where the view does not have them. */
export type Owners = ReadonlyMap<string, KubernetesObject | undefined>;

const isDeleting = ({ metadata }: KubernetesObject): boolean => metadata.deletionTimestamp !== undefined;
const has = ({ metadata }: KubernetesObject, finalizer: string): boolean =>
  metadata.finalizers?.includes(finalizer) ?? false;
const waitsForDependents = (object: KubernetesObject): boolean =>
  isDeleting(object) && has(object, foregroundFinalizer);

export function garbageCollector(kinds: () => readonly Kind[]): Controller<Owners> {
  // Kinds that are served in two versions are one to the collector.
  const distinct = [...new Map(kinds().map((kind) => [kind.storageKey, kind])).values()].filter(
    (kind) => !kind.virtual && kind.verbs.includes("watch") && kind.verbs.includes("delete"),
  );
  const byType = new Map(kinds().map((kind) => [`${kind.group}/${kind.kind}`, kind]));
  const byKey = new Map(distinct.map((kind) => [kind.storageKey, kind]));
  const keyFor = (kind: Kind, { metadata }: KubernetesObject): string =>
    `${kind.storageKey} ${metadata.namespace ?? ""} ${metadata.name}`;
  const parse = (key: string): [Kind, string | undefined, string] => {
    const [storageKey, namespace, name] = key.split(" ");
    return [byKey.get(storageKey!)!, namespace || undefined, name!];
  };
  const kindOf = (owner: OwnerReference): Kind | undefined => {
    const slash = owner.apiVersion.indexOf("/");
    return byType.get(`${slash < 0 ? "" : owner.apiVersion.slice(0, slash)}/${owner.kind}`);
  };
  const dependentsOf = (view: View, uid: string): { kind: Kind; object: KubernetesObject }[] =>
    distinct.flatMap((kind) => view.byIndex(kind, dependentIndex, uid).map((object) => ({ kind, object })));
  const sources = distinct.map((kind): Source => {
    return {
      kind,
      keysOf(object, _old, view) {
        const own = keyFor(kind, object);
        const dependents =
          isDeleting(object) || view.get(kind, object.metadata.namespace, object.metadata.name) === undefined
            ? dependentsOf(view, object.metadata.uid).map((one) => keyFor(one.kind, one.object))
            : [];
        const owners = (object.metadata.ownerReferences ?? []).flatMap((owner) => {
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
        // An owner of a kind that is not served here cannot be judged: it is taken to exist.
        if (!kind) owners.set(owner.uid, object);
        else owners.set(owner.uid, await findOwner(view, client, kind, owner, object!.metadata.namespace));
      }
      return owners;
    },
    reconcile(key, view, _nowMs, owners) {
      const [kind, namespace, name] = parse(key);
      const object = view.get(kind, namespace, name);
      if (!object) return { changes: [] };
      const dependents = (): { kind: Kind; object: KubernetesObject }[] => dependentsOf(view, object.metadata.uid);
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
  // A namespaced owner of a cluster-scoped object cannot be looked up; upstream leaves such an object alone.
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
  dependents: () => readonly { kind: Kind; object: KubernetesObject }[],
): Reconciled {
  if (isDeleting(object)) {
    if (has(object, orphanFinalizer)) return { changes: orphan(kind, object, dependents()) };
    if (has(object, foregroundFinalizer)) return { changes: deleteForeground(kind, object, dependents()) };
    return { changes: [] };
  }
  const references = object.metadata.ownerReferences ?? [];
  if (references.length === 0) return { changes: [] };
  const isSolid = (reference: OwnerReference): boolean => {
    const owner = owners.get(reference.uid);
    return owner !== undefined && !waitsForDependents(owner);
  };
  const solid = references.filter(isSolid);
  if (solid.length === references.length) return { changes: [] };
  if (solid.length > 0) return { changes: [setOwners(kind, object, solid)] };
  const waiting = references.some((reference) => owners.get(reference.uid) !== undefined);
  if (waiting && dependents().length > 0) {
    return { changes: [{ do: "delete", kind, object, options: { propagationPolicy: "Foreground" } }] };
  }
  const propagationPolicy = has(object, orphanFinalizer)
    ? "Orphan"
    : has(object, foregroundFinalizer)
      ? "Foreground"
      : "Background";
  return { changes: [{ do: "delete", kind, object, options: { propagationPolicy } }] };
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

function orphan(
  kind: Kind,
  object: KubernetesObject,
  dependents: readonly { kind: Kind; object: KubernetesObject }[],
): Change[] {
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

function deleteForeground(
  kind: Kind,
  object: KubernetesObject,
  dependents: readonly { kind: Kind; object: KubernetesObject }[],
): Change[] {
  const { uid } = object.metadata;
  const blocks = (dependent: KubernetesObject): boolean =>
    dependent.metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.blockOwnerDeletion) ?? false;
  if (!dependents.some((one) => blocks(one.object))) return [dropFinalizer(kind, object, foregroundFinalizer)];
  // The dependents are deleted when their own turn comes: this object's change has asked for it.
  return [];
}
