// The objects as the verbs see them: read from the watch cache, written to the store. May import src/kinds.
import type { KubernetesObject, ObjectRef } from "../kinds/object.ts";
import type { WatchEventType, WatchStream } from "../kinds/request.ts";
import type { Resource } from "./registry.ts";
import type { Selection } from "./request/selectors.ts";

/** One version of an object, in the form that its resource serves. */
export interface StoredObject {
  readonly key: string;
  readonly revision: number;
  readonly ref: ObjectRef<KubernetesObject>;
}

export interface ListPage {
  readonly items: readonly StoredObject[];
  /** More that would be selected lie behind the page. */
  readonly more: boolean;
  /** How many keys remain after the page's last. */
  readonly remaining: number;
  readonly revision: number;
}

export interface ListQuery {
  readonly namespace: string;
  /** Only keys after this one. */
  readonly after?: string;
  readonly limit?: number;
  /** Absent: all. */
  readonly selection?: Selection;
  /** As it was at this revision. Throws CompactedError or FutureRevisionError. */
  readonly atRevision?: number;
}

/** A watch as the verbs ask for it. */
export interface WatchQuery {
  readonly namespace: string;
  readonly name: string | undefined;
  readonly selection: Selection;
  /** Changes after this revision; undefined: all objects as ADDED first. */
  readonly afterRevision: number | undefined;
  /** After the initial objects, a BOOKMARK that says so. */
  readonly initialEventsEnd: boolean;
  readonly bookmarks: boolean;
  readonly timeoutMs: number;
  readonly form: EventForm;
}

/** How events are handed to a watcher. */
export interface EventForm {
  /** Names all that the bytes depend on. */
  readonly name: string;
  /** The object as it is served; without it: as it is stored. */
  refOf?(ref: ObjectRef<KubernetesObject>): ObjectRef<unknown>;
  /** One event, framed. */
  encode(type: WatchEventType, ref: ObjectRef<unknown>): Uint8Array;
  bookmark(revision: number, initialEventsEnd: boolean): ObjectRef<unknown>;
}

export interface ObjectStorage {
  /** Resolves when the resource can be read and written at all; undefined: it can. Rejects where the store can't be read. */
  ready(resource: Resource): Promise<void> | undefined;
  /** The newest revision that reads of the resource see. */
  revision(resource: Resource): number;
  /**
   * Resolves when reads of the resource see all that was acknowledged before the call. undefined: they do already.
   */
  fresh(resource: Resource): Promise<void> | undefined;
  /** Resolves when reads see this revision. Rejects with 504 where it doesn't come in time. */
  waitFor(resource: Resource, revision: number): Promise<void>;
  get(resource: Resource, namespace: string, name: string): StoredObject | undefined;
  /** What is selected, in key order. Throws CompactedError, FutureRevisionError. */
  list(resource: Resource, query: ListQuery): ListPage | Promise<ListPage>;
  /** Throws CompactedError when the changes after its revision are gone. */
  watch(resource: Resource, query: WatchQuery): WatchStream;
  /** The bytes of an object as they are stored: without resourceVersion. `object` is in the resource's form. */
  encode(resource: Resource, object: KubernetesObject): Uint8Array;
  /** The object as it would be served after a write, without resourceVersion: the answer to a dry run. */
  normalize(resource: Resource, object: KubernetesObject): KubernetesObject;
  /** Whether a version's stored bytes are these. */
  isStored(resource: Resource, object: StoredObject, bytes: Uint8Array): boolean;
  /**
   * Writes an object, if its key is still as `previous` (undefined: absent). Resolves to the new version, or to undefined
   * when somebody else was faster.
   */
  put(
    resource: Resource,
    key: string,
    bytes: Uint8Array,
    previous: StoredObject | undefined,
  ): Promise<StoredObject | undefined>;
  /** Deletes it if it is still this version: resolves to the deletion's revision, or undefined. */
  delete(resource: Resource, previous: StoredObject): Promise<number | undefined>;
}
