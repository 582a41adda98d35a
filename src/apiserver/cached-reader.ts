// ObjectReader over the watch caches. May import src/kinds and src/store.
import type { Kind } from "../kinds/kind.ts";
import type { KubernetesObject } from "../kinds/object.ts";
import type { CachedStorage } from "./cached-storage.ts";
import type { ObjectReader } from "./object-reader.ts";
import type { Registry, Resource } from "./registry.ts";

/** Reads the newest state of kinds that the registry serves; of others there is nothing. */
export function createObjectReader(storage: CachedStorage, registry: Registry): ObjectReader {
  const find = (kind: { group: string; version: string; plural: string }): Resource | undefined =>
    registry.find(kind.group, kind.version, kind.plural);
  return {
    get<T extends KubernetesObject>(kind: Kind<T>, namespace: string, name: string): T | undefined {
      const resource = find(kind);
      return resource && (storage.get(resource, namespace, name)?.ref.object() as T | undefined);
    },
    list<T extends KubernetesObject>(kind: Kind<T>, namespace = ""): readonly T[] {
      const resource = find(kind);
      if (!resource) return [];
      const page = storage.list(resource, { namespace });
      return page instanceof Promise ? [] : page.items.map(({ ref }) => ref.object() as T);
    },
    onChange<T extends KubernetesObject>(
      kind: Kind<T>,
      listener: (object: T | undefined, old: T | undefined) => void,
    ): void {
      const resource = find(kind);
      if (!resource) return;
      const page = storage.list(resource, { namespace: "" });
      if (!(page instanceof Promise)) for (const { ref } of page.items) listener(ref.object() as T, undefined);
      storage.cache(resource).observe({
        onChanges(changes) {
          for (const { type, object, previous } of changes) {
            const old = previous?.ref.object() as T | undefined;
            listener(type === "DELETED" ? undefined : (object.ref.object() as T), old);
          }
        },
      });
    },
  };
}
