// Which objects an owner controls: it adopts orphans that its selector names, and releases what it names no more.
// Upstream: pkg/controller/controller_ref_manager.go. May import src/base, src/kinds, src/client.
import type { StatusError } from "../../base/errors.ts";
import type { Indexes } from "../../client/informer-set.ts";
import type { Kind } from "../../kinds/kind.ts";
import type { JsonObject, KubernetesObject } from "../../kinds/object.ts";
import { getControllerOf } from "../../kinds/pod/ownership.ts";
import type { OwnerReference } from "../../kinds/types/meta-v1.gen.ts";
import { type Change, keyOf, type Refused, type Source, type View } from "../controller.ts";
import { controllerReference } from "./pod-control.ts";

const orphanIndex = "orphan";
/** Finds objects without a controller, by their namespace. */
export const orphanIndexes: Indexes<KubernetesObject> = {
  [orphanIndex]: (object) => (getControllerOf(object) ? [] : [object.metadata.namespace ?? ""]),
};

const namespaceIndex = "namespace";
/** Finds objects by their namespace, without a look at all others. */
export const namespaceIndexes: Indexes<KubernetesObject> = {
  [namespaceIndex]: ({ metadata }) => [metadata.namespace ?? ""],
};
/** All of a kind in a namespace; one of the controller's sources has namespaceIndexes. */
export const inNamespace = <T extends KubernetesObject>(view: View, kind: Kind<T>, namespace: string | undefined) =>
  view.byIndex(kind, namespaceIndex, namespace ?? "");

/** The objects that the owner controls, and the orphans that it may adopt. */
export const candidates = <T extends KubernetesObject>(view: View, kind: Kind<T>, owner: KubernetesObject): T[] => [
  ...view.ownedBy(kind, owner.metadata.uid),
  ...view.byIndex(kind, orphanIndex, owner.metadata.namespace ?? ""),
];

export interface Claim<T> {
  readonly claimed: T[];
  readonly changes: Change[];
}
export interface ClaimOptions<T> {
  readonly ownerKind: Kind;
  readonly owner: KubernetesObject;
  readonly kind: Kind<T & KubernetesObject>;
  matches(object: T): boolean;
  /** Added to what is adopted, and taken from what is released. */
  readonly finalizer?: string;
}

const gone = (error: StatusError): Refused | undefined =>
  error.code === 404 ? { changes: [], next: "continue" } : undefined;
const goneOrChanged = (error: StatusError): Refused | undefined =>
  error.code === 404 || error.code === 422 ? { changes: [], next: "continue" } : undefined;

function adopt<T extends KubernetesObject>(object: T, options: ClaimOptions<T>): Change {
  const { name, namespace, uid } = object.metadata;
  const reference = controllerReference(options.ownerKind, options.owner);
  const finalizers: JsonObject = options.finalizer ? { finalizers: [options.finalizer] } : {};
  return {
    do: "patch",
    kind: options.kind as unknown as Kind,
    name,
    namespace,
    patch: { metadata: { uid, ownerReferences: [reference as unknown as JsonObject], ...finalizers } },
    options: { type: "strategic" },
    refused: gone,
  };
}

function release<T extends KubernetesObject>(object: T, options: ClaimOptions<T>): Change {
  const { name, namespace, uid } = object.metadata;
  const ownerReferences = [{ $patch: "delete", uid: options.owner.metadata.uid }];
  const finalizers: JsonObject = options.finalizer
    ? { "$deleteFromPrimitiveList/finalizers": [options.finalizer] }
    : {};
  return {
    do: "patch",
    kind: options.kind as unknown as Kind,
    name,
    namespace,
    patch: { metadata: { uid, ownerReferences, ...finalizers } },
    options: { type: "strategic" },
    refused: goneOrChanged,
  };
}

/** What of `objects` the owner controls once the changes are made. */
export function claim<T extends KubernetesObject>(objects: readonly T[], options: ClaimOptions<T>): Claim<T> {
  const { owner, matches } = options;
  const ownerLives = !owner.metadata.deletionTimestamp;
  const claimed: T[] = [];
  const changes: Change[] = [];
  for (const object of objects) {
    const controller = getControllerOf(object);
    const matching = matches(object);
    if (controller) {
      if (controller.uid !== owner.metadata.uid) continue;
      if (matching) claimed.push(object);
      else if (ownerLives) changes.push(release(object, options));
    } else if (ownerLives && matching && !object.metadata.deletionTimestamp) {
      changes.push(adopt(object, options));
      claimed.push(object);
    }
  }
  return { claimed, changes };
}

function keyOfOwner(
  view: View,
  kind: Kind,
  reference: OwnerReference | undefined,
  namespace: string | undefined,
): string[] {
  if (!reference || reference.kind !== kind.kind) return [];
  const owner = view.get(kind, namespace, reference.name);
  return owner?.metadata.uid === reference.uid ? [keyOf(owner)] : [];
}

/** Dependents as a source: a change concerns the owner, the owner before, and for an orphan whoever may adopt it. */
export function dependents<T extends KubernetesObject, O extends KubernetesObject>(
  kind: Kind<T>,
  ownerKind: Kind<O>,
  selects: (owner: O, object: T) => boolean,
): Source<T> {
  const anyOwner = ownerKind as unknown as Kind;
  return {
    kind,
    indexes: orphanIndexes,
    keysOf(object, old, view) {
      const { namespace } = object.metadata;
      const controller = getControllerOf(object);
      const before = old ? getControllerOf(old) : undefined;
      const keys = before && before.uid !== controller?.uid ? keyOfOwner(view, anyOwner, before, namespace) : [];
      if (controller) return [...keys, ...keyOfOwner(view, anyOwner, controller, namespace)];
      const adopters = view.list(ownerKind, namespace).filter((owner) => selects(owner, object));
      return [...keys, ...adopters.map(keyOf)];
    },
  };
}
