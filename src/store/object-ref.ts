// One version of one object as it is served, made of stored bytes: the resourceVersion is put in once, the parsed form is
// made on demand and remembered within a bound over all objects. May import src/base and src/kinds.
import { deepFreeze } from "../kinds/object.ts";
import type { KubernetesObject, ObjectRef } from "../kinds/object.ts";

/** Puts metadata.resourceVersion into an object's JSON that has none, at one place. */
export type SpliceResourceVersion = (bytes: Uint8Array, resourceVersion: string) => Uint8Array;

const decoder = new TextDecoder();
const handedOver = new WeakMap<Uint8Array, KubernetesObject>();

/**
 * Says that `object` is what has just been serialised as `bytes`: a cache that meets these very bytes doesn't parse them.
 * To be called before they are written; both must not be changed any more.
 */
export function handOver(bytes: Uint8Array, object: KubernetesObject): void {
  handedOver.set(bytes, object);
}

/** Remembers parsed objects: those used last, up to a number of bytes of their JSON. */
export class ParsedObjects {
  readonly #bytesMax: number;
  #bytes = 0;
  /** In order of their last use, roughly: one that was used since it was queued gets a second chance. */
  #queue: StoredRef[] = [];
  #head = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get sizeBytes(): number {
    return this.#bytes;
  }

  remember(ref: StoredRef): void {
    this.#bytes += ref.bytes.length;
    this.#queue.push(ref);
    while (this.#bytes > this.#bytesMax && this.#head < this.#queue.length) {
      const oldest = this.#queue[this.#head]!;
      this.#head += 1;
      if (oldest.takeUsed() && this.#queue.length - this.#head > 1) this.#queue.push(oldest);
      else {
        this.#bytes -= oldest.bytes.length;
        oldest.forget();
      }
    }
    if (this.#head > 1024 && this.#head > this.#queue.length / 2) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
  }
}

export class StoredRef implements ObjectRef<KubernetesObject> {
  readonly bytes: Uint8Array;
  readonly #parsed: ParsedObjects;
  /** Where the resourceVersion was put in, and how many bytes that are. */
  readonly #spliceAt: number;
  readonly #spliceBytes: number;
  #object: KubernetesObject | undefined;
  /** While somebody else holds the object, it stays the same one, also when it isn't remembered here. */
  #weak: WeakRef<KubernetesObject> | undefined;
  #used = false;

  /** `stored` bears no resourceVersion; `object`, where it is known, is what `stored` says. */
  constructor(
    parsed: ParsedObjects,
    splice: SpliceResourceVersion,
    stored: Uint8Array,
    revision: number,
    object?: KubernetesObject,
  ) {
    const resourceVersion = String(revision);
    this.#parsed = parsed;
    this.bytes = splice(stored, resourceVersion);
    this.#spliceBytes = this.bytes.length - stored.length;
    let at = 0;
    while (at < stored.length && this.bytes[at] === stored[at]) at += 1;
    this.#spliceAt = at;
    const known = object ?? handedOver.get(stored);
    if (known) this.#remember({ ...known, metadata: { ...known.metadata, resourceVersion } });
  }

  object(): KubernetesObject {
    this.#used = true;
    if (this.#object) return this.#object;
    const object = this.#weak?.deref() ?? (JSON.parse(decoder.decode(this.bytes)) as KubernetesObject);
    return this.#remember(object);
  }

  /** The bytes as they are stored, without resourceVersion. */
  stored(): Uint8Array {
    const bytes = new Uint8Array(this.bytes.length - this.#spliceBytes);
    bytes.set(this.bytes.subarray(0, this.#spliceAt));
    bytes.set(this.bytes.subarray(this.#spliceAt + this.#spliceBytes), this.#spliceAt);
    return bytes;
  }

  /** Whether the bytes are stored as these. */
  isStored(bytes: Uint8Array): boolean {
    if (bytes.length !== this.bytes.length - this.#spliceBytes) return false;
    for (let index = 0; index < bytes.length; index += 1) {
      const at = index < this.#spliceAt ? index : index + this.#spliceBytes;
      if (bytes[index] !== this.bytes[at]) return false;
    }
    return true;
  }

  /** For ParsedObjects: whether it was used since the last call. */
  takeUsed(): boolean {
    const used = this.#used;
    this.#used = false;
    return used;
  }

  /** For ParsedObjects. */
  forget(): void {
    if (this.#object) this.#weak = new WeakRef(this.#object);
    this.#object = undefined;
  }

  #remember(object: KubernetesObject): KubernetesObject {
    this.#object = deepFreeze(object);
    this.#weak = undefined;
    this.#parsed.remember(this);
    return object;
  }
}
