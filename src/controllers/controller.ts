// What a controller is: a pure function from what it sees to what should change. Proa's own controllers and a user's are
// written the same way; the runner (runner.ts) does all the rest. May import src/base, src/kinds, src/client.
import type { StatusError } from "../base/errors.ts";
import type { Client, DeleteOptions, PatchOptions } from "../client/client.ts";
import type { Indexes } from "../client/informer-set.ts";
import type { Kind } from "../kinds/kind.ts";
import type { Draft, JsonObject, KubernetesObject } from "../kinds/object.ts";

/** The objects that a controller sees: frozen, maybe stale, but never older than its own writes. */
export interface View {
  get<T extends KubernetesObject>(kind: Kind<T>, namespace: string | undefined, name: string): T | undefined;
  list<T extends KubernetesObject>(kind: Kind<T>, namespace?: string): readonly T[];
  /** Objects whose controlling owner has this uid. */
  ownedBy<T extends KubernetesObject>(kind: Kind<T>, uid: string): readonly T[];
  /** Objects that an index of the controller's sources finds. */
  byIndex<T extends KubernetesObject>(kind: Kind<T>, index: string, key: string): readonly T[];
}

/** What a refused change comes to: these changes at once, and then the rest, nothing more, or another attempt. */
export interface Refused {
  readonly changes: readonly Change[];
  readonly next: "continue" | "stop" | "retry";
}
/** What the server refused may be expected. Undefined: it isn't, and the attempt fails. */
interface Refusable {
  refused?(error: StatusError): Refused | undefined;
}

/**
 * One change, in the order in which it is to happen. The first that fails ends the attempt; it is tried again later.
 * `followedBy` says what follows at once from what the server answered: an event that tells a generated name.
 */
export type Change =
  | ({
      readonly do: "create";
      readonly kind: Kind;
      readonly object: Draft<KubernetesObject> & object;
      followedBy?(created: KubernetesObject): readonly Change[];
    } & Refusable)
  | ({
      /** With the resourceVersion that the controller saw: refused when somebody else was faster. */
      readonly do: "update";
      readonly kind: Kind;
      readonly object: KubernetesObject;
      readonly subresource?: string;
      followedBy?(updated: KubernetesObject): readonly Change[];
    } & Refusable)
  | ({
      readonly do: "patch";
      readonly kind: Kind;
      readonly namespace?: string;
      readonly name: string;
      readonly patch: JsonObject;
      readonly options: PatchOptions;
    } & Refusable)
  | ({
      readonly do: "delete";
      readonly kind: Kind;
      readonly object: KubernetesObject;
      readonly options?: DeleteOptions;
    } & Refusable)
  /** Everything of a kind in a namespace. */
  | {
      readonly do: "delete-collection";
      readonly kind: Kind;
      readonly namespace: string;
      readonly options?: DeleteOptions;
    }
  | {
      readonly do: "event";
      readonly about: KubernetesObject;
      readonly type: "Normal" | "Warning";
      readonly reason: string;
      readonly message: string;
    };

export interface Reconciled {
  readonly changes: readonly Change[];
  /** Look again at this wall time, in milliseconds, even if nothing changes. */
  readonly requeueAtMs?: number;
}

/** A kind that the controller reads, and whom a change of it concerns. */
export interface Source<T extends KubernetesObject = KubernetesObject> {
  readonly kind: Kind<T>;
  /** The keys ("namespace/name", or "name") to look at when this object changes. `old` is its version before. */
  keysOf(object: T, old: T | undefined, view: View): readonly string[];
  readonly indexes?: Indexes<T>;
}

export interface Controller<Facts = undefined> {
  /** Upstream's name: its identity is the service account of this name in kube-system. */
  readonly name: string;
  /** Whose service account it acts as, where upstream lets it use another controller's role. */
  readonly identity?: string;
  readonly sources: readonly Source[];
  /** Keys worked on at once. */
  readonly workers: number;
  /** What the view doesn't hold, asked for before each reconcile. */
  gather?(key: string, view: View, client: Client): Promise<Facts>;
  /** Pure: no clock, no client, no promise. `nowMs` is the wall time. */
  reconcile(key: string, view: View, nowMs: number, facts: Facts): Reconciled;
}

export const keyOf = ({ metadata }: KubernetesObject): string =>
  metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name;

/** The parts of a key: ["namespace", "name"], or [undefined, "name"]. */
export function splitKey(key: string): [string | undefined, string] {
  const slash = key.indexOf("/");
  return slash < 0 ? [undefined, key] : [key.slice(0, slash), key.slice(slash + 1)];
}
