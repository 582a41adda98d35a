// A small API for tests of components: objects in a map, watches, strategic merge of pods' statuses. Not the API
// server: no validation, no admission; graceful deletion of pods as the server does it. Imports src/base, src/kinds,
// src/client.
import { errors } from "../../base/errors.ts";
import { type Clock, toTime } from "../../base/clock.ts";
import type { Client } from "../../client/client.ts";
import type { Kind } from "../../kinds/kind.ts";
import { deepFreeze, type JsonObject, type KubernetesObject, type ObjectRef } from "../../kinds/object.ts";
import type { WatchEvent } from "../../kinds/request.ts";

interface Watcher {
  readonly plural: string;
  readonly namespace: string | undefined;
  readonly selector: readonly [string, string][];
  readonly queue: WatchEvent[];
  wake: (() => void) | undefined;
}

type Loose = Record<string, any>;

const refOf = <T>(object: T): ObjectRef<T> => ({
  get bytes() {
    return new TextEncoder().encode(JSON.stringify(object));
  },
  object: () => object,
});

const keyed: Readonly<Record<string, string>> = { conditions: "type", podIPs: "ip", hostIPs: "ip" };

export function mergePatch(target: Loose, patch: Loose): Loose {
  const result: Loose = { ...target };
  for (const [name, value] of Object.entries(patch)) {
    const key = keyed[name];
    if (value === null) delete result[name];
    else if (Array.isArray(value) && key) {
      let list: Loose[] = [...(result[name] ?? [])];
      for (const item of value as Loose[]) {
        const index = list.findIndex((one) => one[key] === item[key]);
        if (item["$patch"] === "delete") list = list.filter((one) => one[key] !== item[key]);
        else if (index < 0) list.push(mergePatch({}, item));
        else list[index] = mergePatch(list[index]!, item);
      }
      result[name] = list;
    } else if (typeof value === "object" && !Array.isArray(value)) {
      result[name] = mergePatch(typeof result[name] === "object" ? result[name] : {}, value);
    } else result[name] = value;
  }
  return result;
}

export class SmallApi implements Client {
  readonly #objects = new Map<string, KubernetesObject>();
  readonly #watchers = new Set<Watcher>();
  readonly #clock: Clock;
  #revision = 0;
  #serial = 0;
  /** Patches of statuses in order: for tests. */
  readonly patches: { readonly name: string; readonly patch: JsonObject }[] = [];
  post: (path: string, body: object) => Promise<JsonObject> = async () => ({});

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  #key(kind: Kind, namespace: string | undefined, name: string): string {
    return `${kind.plural}/${kind.namespaced ? namespace : ""}/${name}`;
  }
  #matches(
    watcher: { plural: string; namespace: string | undefined; selector: readonly [string, string][] },
    key: string,
    object: KubernetesObject,
  ) {
    if (!key.startsWith(`${watcher.plural}/`)) return false;
    if (watcher.namespace !== undefined && object.metadata.namespace !== watcher.namespace) return false;
    return watcher.selector.every(([path, value]) => {
      let part: any = object;
      for (const name of path.split(".")) part = part?.[name];
      return part === value;
    });
  }
  #emit(key: string, type: "ADDED" | "MODIFIED" | "DELETED", object: KubernetesObject): void {
    for (const watcher of this.#watchers) {
      if (!this.#matches(watcher, key, object)) continue;
      watcher.queue.push({ type, ref: refOf(object) });
      watcher.wake?.();
    }
  }
  #store<T extends KubernetesObject>(key: string, object: Loose, type: "ADDED" | "MODIFIED"): T {
    this.#revision += 1;
    const metadata = { ...object["metadata"], resourceVersion: String(this.#revision) };
    const stored = deepFreeze(JSON.parse(JSON.stringify({ ...object, metadata }))) as T;
    this.#objects.set(key, stored);
    this.#emit(key, type, stored);
    return stored;
  }

  async get<T extends KubernetesObject>(kind: Kind<T>, name: string, namespace?: string): Promise<T> {
    const found = this.#objects.get(this.#key(kind as Kind, namespace, name));
    if (!found) throw errors.notFound({ group: kind.group, resource: kind.plural }, name);
    return found as T;
  }
  async list<T extends KubernetesObject>(kind: Kind<T>) {
    const items = [...this.#objects].filter(([key]) => key.startsWith(`${kind.plural}/`));
    return { items: items.map(([, object]) => refOf(object as T)), resourceVersion: String(this.#revision) };
  }
  async *watch<T extends KubernetesObject>(
    kind: Kind<T>,
    options: { namespace?: string; fieldSelector?: string; signal: AbortSignal },
  ): AsyncGenerator<readonly WatchEvent<T>[]> {
    const selector = (options.fieldSelector ?? "")
      .split(",")
      .filter(Boolean)
      .map((one) => one.split("=") as [string, string]);
    const watcher: Watcher = {
      plural: kind.plural,
      namespace: options.namespace,
      selector,
      queue: [],
      wake: undefined,
    };
    for (const [key, object] of this.#objects) {
      if (this.#matches(watcher, key, object)) watcher.queue.push({ type: "ADDED", ref: refOf(object) });
    }
    const annotations = { "k8s.io/initial-events-end": "true" };
    const bookmark = { kind: kind.kind, metadata: { resourceVersion: String(this.#revision), annotations } };
    watcher.queue.push({ type: "BOOKMARK", ref: refOf(bookmark as unknown as T) });
    this.#watchers.add(watcher);
    options.signal.addEventListener("abort", () => watcher.wake?.(), { once: true });
    try {
      while (!options.signal.aborted) {
        const events = watcher.queue.splice(0) as WatchEvent<T>[];
        if (events.length > 0) yield events;
        else {
          await new Promise<void>((resolve) => {
            watcher.wake = resolve;
          });
        }
      }
    } finally {
      this.#watchers.delete(watcher);
    }
  }
  async create<T extends KubernetesObject>(kind: Kind<T>, object: object): Promise<T> {
    const draft = object as Loose;
    const { name, namespace } = draft["metadata"];
    const key = this.#key(kind as Kind, namespace, name);
    if (this.#objects.has(key)) throw errors.alreadyExists({ group: kind.group, resource: kind.plural }, name);
    this.#serial += 1;
    const metadata = {
      uid: `uid-${this.#serial}`,
      creationTimestamp: toTime(this.#clock.now()),
      generation: 1,
      ...draft["metadata"],
    };
    return this.#store(key, { apiVersion: "v1", kind: kind.kind, ...draft, metadata }, "ADDED");
  }
  async update<T extends KubernetesObject>(kind: Kind<T>, object: object): Promise<T> {
    const draft = object as Loose;
    const key = this.#key(kind as Kind, draft["metadata"].namespace, draft["metadata"].name);
    return this.#store(key, draft, "MODIFIED");
  }
  async patch<T extends KubernetesObject>(
    kind: Kind<T>,
    name: string,
    namespace: string | undefined,
    patch: JsonObject | readonly JsonObject[],
  ): Promise<T> {
    const old = await this.get(kind, name, namespace);
    const body = patch as JsonObject;
    const { uid } = (body["metadata"] ?? {}) as { uid?: string };
    if (uid && uid !== old.metadata.uid) throw errors.modified({ group: kind.group, resource: kind.plural }, name);
    if (body["status"]) this.patches.push({ name, patch: body });
    return this.#store(this.#key(kind as Kind, namespace, name), mergePatch(old as Loose, body), "MODIFIED");
  }
  async deleteCollection(): Promise<never> {
    throw errors.internal("deleteCollection is not part of the small API");
  }
  async delete<T extends KubernetesObject>(
    kind: Kind<T>,
    name: string,
    namespace?: string,
    options: { gracePeriodSeconds?: number } = {},
  ): Promise<T> {
    const key = this.#key(kind as Kind, namespace, name);
    const old = (await this.get(kind, name, namespace)) as Loose;
    const own = old["spec"]?.terminationGracePeriodSeconds ?? 30;
    const seconds = kind.plural === "pods" ? (options.gracePeriodSeconds ?? own) : 0;
    if (seconds > 0) {
      const deletionTimestamp = toTime(this.#clock.now() + seconds * 1000);
      const metadata = { ...old["metadata"], deletionTimestamp, deletionGracePeriodSeconds: seconds };
      return this.#store(key, { ...old, metadata }, "MODIFIED");
    }
    this.#objects.delete(key);
    this.#revision += 1;
    this.#emit(key, "DELETED", old as KubernetesObject);
    return old as T;
  }
}
