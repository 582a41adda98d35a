// The API server: everything in this folder put together. May import src/base, src/kinds and src/store.
import { CachedStorage } from "./cached-storage.ts";
import { handle } from "./handle.ts";
import { createObjectReader } from "./cached-reader.ts";
import type { ObjectReader } from "./object-reader.ts";
import { Registry } from "./registry.ts";
import type { Registration } from "./registry.ts";
import type { Kind } from "../kinds/kind.ts";
import type { Transport } from "../kinds/request.ts";
import type { Definitions } from "../kinds/schema.ts";
import type { Ports, Server } from "./server.ts";

export interface ApiServerOptions {
  readonly kinds: readonly Kind[];
  readonly definitions: Definitions;
  /**
   * Authenticator, authorizer and admission usually read objects from the server itself: so they are made from its
   * reader. Everything else is given as it is.
   */
  readonly ports: Omit<Ports, "authenticator" | "authorizer" | "admission">;
  access(reader: ObjectReader): Pick<Ports, "authenticator" | "authorizer" | "admission">;
}

export interface ApiServer {
  /** The one door. It never rejects. */
  readonly handle: Transport;
  /** The newest state, synchronously. */
  readonly reader: ObjectReader;
  /** Serves another kind from now on: a custom resource. */
  addKind(registration: Registration): Promise<void>;
  /** Serves it no more: its watches end. */
  removeKind(kind: Kind): void;
  /** Grows with every kind that comes or goes. */
  changes(): number;
  close(): void;
}

/** Makes an API server over a store and loads what it holds. Rejects when the store can't be read. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const registry = new Registry();
  for (const kind of options.kinds) registry.add({ kind, definitions: options.definitions });
  const storage = new CachedStorage(options.ports as Ports, registry);
  const stored = [...registry.resources()].filter(({ kind }) => !kind.virtual);
  await Promise.all(stored.map((resource) => storage.ready(resource)));
  const reader = createObjectReader(storage, registry);
  const ports: Ports = { ...options.ports, ...options.access(reader) };
  const server: Server = {
    ports,
    registry,
    storage,
    counters: { requests: new Map(), inFlight: 0, watchers: 0 },
  };
  return {
    handle: (request) => handle(server, request),
    reader,
    async addKind(registration) {
      const resource = registry.add(registration);
      if (!registration.kind.virtual) await storage.ready(resource);
    },
    removeKind(kind) {
      const resource = registry.find(kind.group, kind.version, kind.plural);
      registry.remove(kind.group, kind.version, kind.plural);
      const shared = resource && [...registry.resources()].some(({ prefix }) => prefix === resource.prefix);
      if (resource && !shared) storage.drop(resource);
    },
    changes: () => registry.changes,
    close: () => storage.close(),
  };
}
