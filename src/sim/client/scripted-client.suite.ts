// A client whose watches a test drives by hand, and whose writes it records. Imports src/base, src/kinds, src/client.
import { errors, type StatusError } from "../../base/errors.ts";
import type { Client, WatchOptions } from "../../client/client.ts";
import type { KubernetesObject } from "../../kinds/object.ts";
import type { WatchEvent, WatchEventType } from "../../kinds/request.ts";

const encoder = new TextEncoder();

export function eventOf(type: WatchEventType, object: object): WatchEvent<never> {
  return { type, ref: { bytes: encoder.encode(JSON.stringify(object)), object: () => object as never } };
}

export const configMapOf = (name: string, version: number, more: object = {}, uid = `uid-${name}`): KubernetesObject =>
  ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "n", uid, resourceVersion: String(version), ...more },
  }) as KubernetesObject;

/** The bookmark that ends a watch's first state, as of `version`. */
export const endOfFirstState = (version: number): WatchEvent<never> =>
  eventOf("BOOKMARK", {
    metadata: { resourceVersion: String(version), annotations: { "k8s.io/initial-events-end": "true" } },
  });

/** One watch as the informer asked for it. */
export class ScriptedWatch {
  readonly options: WatchOptions;
  readonly #batches: (readonly WatchEvent<never>[])[] = [];
  #end: { error?: StatusError } | undefined;
  #wake: () => void = () => {};

  constructor(options: WatchOptions) {
    this.options = options;
    options.signal.addEventListener("abort", () => this.end());
  }

  send(...events: WatchEvent<never>[]): void {
    this.#batches.push(events);
    this.#wake();
  }

  end(error?: StatusError): void {
    this.#end ??= { error };
    this.#wake();
  }

  async *events(): AsyncGenerator<readonly WatchEvent<never>[]> {
    for (;;) {
      const batch = this.#batches.shift();
      if (batch) {
        yield batch;
      } else if (this.#end) {
        if (this.#end.error) throw this.#end.error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

const unused = (): Promise<never> => Promise.reject(errors.internal("not part of the script"));

export interface ScriptedClient extends Client {
  readonly watches: ScriptedWatch[];
}

/** `more` overrides what the script has no answer for. */
export function createScriptedClient(more: Partial<Client> = {}): ScriptedClient {
  const watches: ScriptedWatch[] = [];
  return {
    watches,
    get: unused,
    list: unused,
    create: unused,
    update: unused,
    patch: unused,
    delete: unused,
    deleteCollection: unused,
    post: unused,
    watch(_kind, options) {
      const watch = new ScriptedWatch(options);
      watches.push(watch);
      return watch.events();
    },
    ...more,
  };
}
