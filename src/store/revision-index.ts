// State and history by revision: what every engine and every watch cache keeps in memory. It does not know what a version
// carries (bytes in the memory engine, a row number in the SQLite engine, an object in a watch cache). May import src/base.
import { assert } from "../base/assert.ts";
import { SortedMap } from "./sorted-map.ts";
import { CompactedError, FutureRevisionError } from "./store.ts";
import type { RangeOptions } from "./store.ts";

export interface Version<Slot> {
  readonly key: string;
  readonly modRevision: number;
  readonly createRevision: number;
  readonly expiresAtMs: number | undefined;
  readonly slot: Slot;
}
/** What one revision did to one key; without `version` it was deleted. */
export interface Change<Slot> {
  readonly revision: number;
  readonly key: string;
  readonly version: Version<Slot> | undefined;
  readonly previous: Version<Slot> | undefined;
  /** What the engine keeps of a deletion. */
  readonly deletion?: Slot;
}
export interface VersionRange<Slot> {
  readonly versions: readonly Version<Slot>[];
  readonly remaining: number;
  readonly revision: number;
}

export class RevisionIndex<Slot> {
  #revision: number;
  #compacted: number;
  #current = new SortedMap<Version<Slot>>();
  /** Changes after the compacted revision, in order; those before #head are forgotten. */
  #history: Change<Slot>[] = [];
  #head = 0;
  /** How many changes have left #history for good: positions stay the same when it is cut. */
  #cut = 0;

  constructor(revision = 0, compacted = 0) {
    this.#revision = revision;
    this.#compacted = compacted;
  }

  get revision(): number {
    return this.#revision;
  }
  get compactedRevision(): number {
    return this.#compacted;
  }
  get size(): number {
    return this.#current.size;
  }
  /** Positions of changes: from `start` up to, not including, `end`. A change keeps its position. */
  get start(): number {
    return this.#cut + this.#head;
  }
  get end(): number {
    return this.#cut + this.#history.length;
  }

  get(key: string): Version<Slot> | undefined {
    return this.#current.get(key);
  }

  /** Calls `visit` for each version under the prefix and after `after`, in order of keys, until it returns false. */
  walk(prefix: string, after: string | undefined, visit: (version: Version<Slot>) => boolean): void {
    this.#current.walk(prefix, after, visit);
  }

  /** The next revision happens: all its changes at once. */
  apply(revision: number, changes: readonly Change<Slot>[]): void {
    assert(revision > this.#revision, `revision ${revision} after ${this.#revision}`);
    this.#revision = revision;
    for (const change of changes) {
      if (change.version) this.#current.set(change.key, change.version);
      else this.#current.delete(change.key);
      this.#history.push(change);
    }
  }

  /** State without history: for loading. */
  restore(key: string, version: Version<Slot> | undefined): void {
    if (version) this.#current.set(key, version);
    else this.#current.delete(key);
  }

  /** Nothing has happened up to `revision`. */
  advance(revision: number): void {
    if (revision > this.#revision) this.#revision = revision;
  }

  /** Throws when `revision` can't be read. */
  check(revision: number): void {
    if (revision < this.#compacted) throw new CompactedError(revision, this.#compacted);
    if (revision > this.#revision) throw new FutureRevisionError(revision, this.#revision);
  }

  range({ prefix, after, limit, atRevision, countOnly }: RangeOptions): VersionRange<Slot> {
    if (atRevision !== undefined) this.check(atRevision);
    const past = this.#past(prefix, after, atRevision ?? this.#revision);
    const revision = atRevision ?? this.#revision;
    const total = this.#current.count(prefix, after) + this.#difference(past);
    if (countOnly === true) return { versions: [], remaining: total, revision };
    const versions: Version<Slot>[] = [];
    const most = limit !== undefined && limit > 0 ? limit : Infinity;
    const restored = [...past.values()].filter((version) => version !== undefined);
    restored.sort((left, right) => (left.key < right.key ? -1 : 1));
    let next = 0;
    this.#current.walk(prefix, after, (version) => {
      while (next < restored.length && restored[next]!.key < version.key && versions.length < most) {
        versions.push(restored[next++]!);
      }
      if (versions.length >= most) return false;
      if (!past.has(version.key)) versions.push(version);
      return true;
    });
    while (next < restored.length && versions.length < most) versions.push(restored[next++]!);
    return { versions, remaining: total - versions.length, revision };
  }

  /** The position of the first change after `revision`. */
  positionAfter(revision: number): number {
    let low = this.#head;
    let high = this.#history.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#history[middle]!.revision <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#cut + low;
  }

  /** The change at a position between `start` and `end`. */
  changeAt(position: number): Change<Slot> {
    const change = this.#history[position - this.#cut];
    assert(change !== undefined && position >= this.start, `no change at position ${position}`);
    return change;
  }

  /** Forgets history up to `revision`; returns the changes that were forgotten. */
  compact(revision: number): Change<Slot>[] {
    assert(revision <= this.#revision, `compaction of the future revision ${revision}`);
    if (revision <= this.#compacted) return [];
    this.#compacted = revision;
    const end = this.positionAfter(revision) - this.#cut;
    const forgotten = this.#history.slice(this.#head, end);
    this.#head = end;
    if (this.#head > 1024 && this.#head > this.#history.length / 2) {
      this.#history = this.#history.slice(this.#head);
      this.#cut += this.#head;
      this.#head = 0;
    }
    // What is forgotten must not be held by the part that is not cut yet.
    else this.#history.fill(undefined as never, Math.max(0, this.#head - forgotten.length), this.#head);
    return forgotten;
  }

  /** The same state and history; what one does later, the other doesn't see. */
  fork(): RevisionIndex<Slot> {
    const copy = new RevisionIndex<Slot>(this.#revision, this.#compacted);
    copy.#current = this.#current.fork();
    copy.#history = this.#history.slice(this.#head);
    copy.#cut = this.#cut + this.#head;
    return copy;
  }

  /** The keys that have changed since `revision`, with their versions then. */
  #past(prefix: string, after: string | undefined, revision: number): Map<string, Version<Slot> | undefined> {
    const past = new Map<string, Version<Slot> | undefined>();
    for (let position = this.positionAfter(revision); position < this.end; position += 1) {
      const { key, previous } = this.changeAt(position);
      if (!key.startsWith(prefix) || (after !== undefined && key <= after)) continue;
      if (!past.has(key)) past.set(key, previous);
    }
    return past;
  }

  /** How many keys more there were then than are now. */
  #difference(past: Map<string, Version<Slot> | undefined>): number {
    let difference = 0;
    for (const [key, version] of past) {
      difference += (version ? 1 : 0) - (this.#current.get(key) ? 1 : 0);
    }
    return difference;
  }
}
