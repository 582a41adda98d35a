// How authentication, authorization and admission read objects: the newest state that the API server knows, synchronously,
// from its own watch cache. May import src/base and src/kinds.
import type { Kind } from "../kinds/kind.ts";
import type { KubernetesObject } from "../kinds/object.ts";

export interface ObjectReader {
  get<T extends KubernetesObject>(kind: Kind<T>, namespace: string, name: string): T | undefined;
  /** Without a namespace: of all. In no particular order. */
  list<T extends KubernetesObject>(kind: Kind<T>, namespace?: string): readonly T[];
  /**
   * Tells every object that is there, and then every change, in order, before the write that caused it is answered.
   * `object` undefined: deleted; `old` undefined: new.
   */
  onChange<T extends KubernetesObject>(
    kind: Kind<T>,
    listener: (object: T | undefined, old: T | undefined) => void,
  ): void;
}
