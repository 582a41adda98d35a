// ObjectStorage over the watch caches and the store: every resource has a cache of its own, made at its first use; kinds
// that share their objects with another share its cache. May import src/base, src/kinds, src/store.
import { deepFreeze } from "../kinds/object.ts";
import type { KubernetesObject, ObjectRef } from "../kinds/object.ts";
import type { WatchStream } from "../kinds/request.ts";
import type { CachedObject, CacheSpec } from "../store/cached-object.ts";
import { handOver } from "../store/object-ref.ts";
import { FutureRevisionError } from "../store/store.ts";
import type { Store } from "../store/store.ts";
import type { WatchCache } from "../store/watch-cache.ts";
import { WatchCaches } from "../store/watch-caches.ts";
import { spliceResourceVersion } from "../kinds/codec/encode.ts";
import { encodeJson, normalizeStored } from "./encode-stored.ts";
import { futureRevisionWaitMs } from "./limits.ts";
import type { Ports } from "./server.ts";
import type { Registry, Resource } from "./registry.ts";
import { keyOf } from "./registry.ts";
import { refOf } from "./reply.ts";
import { projectionOf, selects, selectsProjection } from "./request/selectors.ts";
import type { Projection, Selection } from "./request/selectors.ts";
import type { ListPage, ListQuery, ObjectStorage, StoredObject, WatchQuery } from "./storage.ts";
import { tooLarge } from "./too-large.ts";

type Cached = CachedObject<Projection>;

/** An object that is served in another form than it is stored in. */
interface Converted extends StoredObject {
  readonly origin: Cached;
}

const isConverted = (object: StoredObject): object is Converted => "origin" in object;

export class CachedStorage implements ObjectStorage {
  readonly #store: Store;
  readonly #ports: Ports;
  readonly #registry: Registry;
  readonly #caches: WatchCaches;
  readonly #open = new Map<string, WatchCache<Projection>>();
  readonly #converted = new WeakMap<Cached, Map<Resource, Converted>>();

  constructor(ports: Ports, registry: Registry) {
    const { store, clock, log } = ports;
    this.#store = store;
    this.#ports = ports;
    this.#registry = registry;
    this.#caches = new WatchCaches({ store, clock, log, splice: spliceResourceVersion });
  }

  ready(resource: Resource): Promise<void> | undefined {
    return this.#open.has(resource.prefix) ? undefined : this.#load(resource);
  }

  async #load(resource: Resource): Promise<void> {
    const stored = this.#storedAs(resource);
    const spec: CacheSpec<Projection> = {
      prefix: resource.prefix,
      namespaced: resource.kind.namespaced,
      project: (object) => projectionOf(stored, object),
    };
    this.#open.set(resource.prefix, await this.#caches.open(spec));
  }

  /** The resource whose form the objects are stored in. */
  #storedAs(resource: Resource): Resource {
    const { storedAs } = resource.kind;
    if (!storedAs) return resource;
    return this.#registry.findKind(storedAs.group, storedAs.version, storedAs.kind) ?? resource;
  }

  cache(resource: Resource): WatchCache<Projection> {
    return this.#open.get(resource.prefix)!;
  }

  /** The resource is gone: its watches end. */
  drop(resource: Resource): void {
    this.#open.delete(resource.prefix);
    this.#caches.drop(resource.prefix);
  }

  close(): void {
    this.#open.clear();
    this.#caches.close();
  }

  revision(resource: Resource): number {
    return this.cache(resource).revision();
  }

  fresh(resource: Resource): Promise<void> | undefined {
    return this.cache(resource).fresh();
  }

  async waitFor(resource: Resource, revision: number): Promise<void> {
    try {
      await this.cache(resource).waitFor(revision, futureRevisionWaitMs);
    } catch (error) {
      if (error instanceof FutureRevisionError) throw tooLarge(error.revision, error.currentRevision);
      throw error;
    }
  }

  get(resource: Resource, namespace: string, name: string): StoredObject | undefined {
    const found = this.cache(resource).get(keyOf(resource, namespace, name));
    return found && this.#served(resource, found);
  }

  #served(resource: Resource, object: Cached): StoredObject {
    return resource.kind.storedAs ? this.#convert(resource, object) : object;
  }

  #convert(resource: Resource, origin: Cached): Converted {
    let forms = this.#converted.get(origin);
    if (!forms) this.#converted.set(origin, (forms = new Map()));
    let converted = forms.get(resource);
    if (!converted) {
      const { key, revision } = origin;
      converted = { key, revision, ref: convertedRef(resource, origin.ref), origin };
      forms.set(resource, converted);
    }
    return converted;
  }

  list(resource: Resource, query: ListQuery): ListPage | Promise<ListPage> {
    const { selection, ...rest } = query;
    const select = selection && this.#selector(resource, selection);
    const page = this.cache(resource).list(select ? { ...rest, select } : rest);
    if (!resource.kind.storedAs) return page;
    const convert = ({ items, ...more }: ListPage): ListPage => ({
      ...more,
      items: items.map((item) => this.#convert(resource, item as Cached)),
    });
    return page instanceof Promise ? page.then(convert) : convert(page);
  }

  #selector(resource: Resource, selection: Selection): ((object: Cached) => boolean) | undefined {
    if (selection.all) return undefined;
    if (resource.kind.storedAs) {
      return (object) => selects(selection, resource, this.#convert(resource, object).ref.object());
    }
    return (object) => selectsProjection(selection, resource, object);
  }

  watch(resource: Resource, query: WatchQuery): WatchStream {
    const { selection, name, afterRevision, form, initialEventsEnd, bookmarks, timeoutMs, namespace } = query;
    const select = this.#selector(resource, selection);
    const { storedAs } = resource.kind;
    const served = (object: Cached): ObjectRef<KubernetesObject> =>
      storedAs ? this.#convert(resource, object).ref : object.ref;
    return this.cache(resource).watch({
      ...(afterRevision === undefined ? {} : { afterRevision }),
      initialEventsEnd,
      bookmarks,
      timeoutMs,
      ...(namespace === "" || !resource.kind.namespaced ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
      ...(select ? { select } : {}),
      form: {
        name: form.name,
        encode: form.encode,
        bookmark: form.bookmark,
        ...(storedAs || form.refOf
          ? { refOf: (object: Cached) => (form.refOf ? form.refOf(served(object)) : served(object)) }
          : {}),
      },
    });
  }

  encode(resource: Resource, object: KubernetesObject): Uint8Array {
    const { storedAs } = resource.kind;
    const stored = this.#storedAs(resource);
    const normal = normalizeStored(stored, storedAs ? storedAs.toStored(object) : object);
    const bytes = encodeJson(normal);
    handOver(bytes, deepFreeze(normal) as unknown as KubernetesObject);
    return bytes;
  }

  normalize(resource: Resource, object: KubernetesObject): KubernetesObject {
    return normalizeStored(resource, object) as unknown as KubernetesObject;
  }

  isStored(_resource: Resource, object: StoredObject, bytes: Uint8Array): boolean {
    const { ref } = isConverted(object) ? object.origin : (object as Cached);
    return ref.isStored(bytes);
  }

  async put(
    resource: Resource,
    key: string,
    bytes: Uint8Array,
    previous: StoredObject | undefined,
  ): Promise<StoredObject | undefined> {
    const { timeToLiveSeconds } = resource.kind;
    const expiresAtMs =
      timeToLiveSeconds === undefined ? undefined : this.#ports.clock.now() + timeToLiveSeconds * 1000;
    const put = { kind: "put" as const, key, value: bytes, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) };
    const compare = { key, modRevision: previous?.revision ?? 0 };
    const result = await this.#store.transact([compare], [put]);
    const cache = this.cache(resource);
    if (!result.succeeded) {
      await cache.fresh();
      return undefined;
    }
    const createRevision = previous
      ? (isConverted(previous) ? previous.origin : (previous as Cached)).createRevision
      : result.revision;
    return this.#served(resource, cache.written(key, result.revision, createRevision, bytes));
  }

  async delete(resource: Resource, previous: StoredObject): Promise<number | undefined> {
    const { key, revision } = previous;
    const result = await this.#store.transact([{ key, modRevision: revision }], [{ kind: "delete", key }]);
    if (result.succeeded) return result.revision;
    await this.cache(resource).fresh();
    return undefined;
  }
}

/** The served form of stored bytes, made at its first use. */
function convertedRef(resource: Resource, origin: ObjectRef<KubernetesObject>): ObjectRef<KubernetesObject> {
  let served: ObjectRef<KubernetesObject> | undefined;
  const make = (): ObjectRef<KubernetesObject> => {
    if (served) return served;
    const object = origin.object();
    const { resourceVersion } = object.metadata;
    const normal = normalizeStored(resource, resource.kind.storedAs!.fromStored(object) as KubernetesObject);
    normal["metadata"] = { resourceVersion: resourceVersion ?? "", ...(normal["metadata"] as object) };
    served = refOf(deepFreeze(normal) as unknown as KubernetesObject);
    return served;
  };
  return {
    get bytes() {
      return make().bytes;
    },
    object: () => make().object(),
  };
}
