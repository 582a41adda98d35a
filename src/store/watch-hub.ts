// The watches of an engine: each is live, or catches up from history first; all see whole revisions, in order, once.
// May import src/base.
import { catchUpChangesMax } from "./limits.ts";
import type { Change, RevisionIndex } from "./revision-index.ts";
import { CompactedError } from "./store.ts";
import type { StoreEvent, StoreWatch, StoreWatchOptions } from "./store.ts";

interface Watcher {
  readonly options: StoreWatchOptions;
  /** Everything up to this revision has been delivered. */
  position: number;
  live: boolean;
  ended: boolean;
}
interface Publication {
  readonly revision: number;
  readonly events: readonly StoreEvent[];
}

/** Makes events of changes: values that are not in memory have to be read. In order of the changes. */
export type EventLoader<Slot> = (
  changes: readonly Change<Slot>[],
  previousValues: boolean,
) => readonly StoreEvent[] | Promise<readonly StoreEvent[]>;

const keyOf = (event: StoreEvent): string => (event.kind === "put" ? event.item.key : event.key);

export class WatchHub<Slot> {
  readonly #index: RevisionIndex<Slot>;
  readonly #load: EventLoader<Slot>;
  readonly #watchers = new Set<Watcher>();
  /** Publications that wait since one is being delivered: a watcher may write from within onEvents. */
  readonly #queue: Publication[] = [];
  #delivering = false;

  constructor(index: RevisionIndex<Slot>, load: EventLoader<Slot>) {
    this.#index = index;
    this.#load = load;
  }

  watch(options: StoreWatchOptions): StoreWatch {
    const { afterRevision } = options;
    const compacted = this.#index.compactedRevision;
    if (afterRevision < compacted) throw new CompactedError(afterRevision, compacted);
    const watcher: Watcher = { options, position: afterRevision, live: false, ended: false };
    this.#watchers.add(watcher);
    if (afterRevision >= this.#index.revision) watcher.live = true;
    // Not at once: the caller doesn't have its watch yet.
    else queueMicrotask(() => void this.#catchUp(watcher).catch((error: unknown) => this.#end(watcher, error)));
    return {
      close: () => {
        if (!watcher.ended) this.#end(watcher, undefined);
      },
    };
  }

  /** Whether a live watcher wants to see what the key held before. */
  wantsPrevious(key: string): boolean {
    for (const { options, live } of this.#watchers) {
      if (live && options.previousValues !== false && key.startsWith(options.prefix)) return true;
    }
    return false;
  }

  /** Ends the live watches that want to see what the key held before: it can't be read. */
  failPrevious(key: string, error: Error): void {
    for (const watcher of this.#watchers) {
      const { previousValues, prefix } = watcher.options;
      if (watcher.live && previousValues !== false && key.startsWith(prefix)) this.#end(watcher, error);
    }
  }

  /** To be called after the index has the revision. */
  publish(revision: number, events: readonly StoreEvent[]): void {
    this.#queue.push({ revision, events });
    if (this.#delivering) return;
    this.#delivering = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      for (const watcher of this.#watchers) if (watcher.live) this.#deliver(watcher, next.revision, next.events);
    }
    this.#delivering = false;
  }

  /** Ends all watches. */
  close(error?: Error): void {
    for (const watcher of this.#watchers) this.#end(watcher, error);
  }

  #deliver(watcher: Watcher, revision: number, events: readonly StoreEvent[]): void {
    if (watcher.ended || revision <= watcher.position) return;
    watcher.position = revision;
    const { prefix } = watcher.options;
    const single = events.length === 1 && keyOf(events[0]!).startsWith(prefix);
    const mine = single ? events : events.filter((event) => keyOf(event).startsWith(prefix));
    try {
      if (mine.length > 0) watcher.options.onEvents(mine, revision);
      else watcher.options.onProgress?.(revision);
    } catch (error) {
      // The contract forbids it; the others must not suffer.
      this.#end(watcher, error);
    }
  }

  async #catchUp(watcher: Watcher): Promise<void> {
    const { prefix, previousValues } = watcher.options;
    while (!watcher.ended) {
      const compacted = this.#index.compactedRevision;
      if (watcher.position < compacted) throw new CompactedError(watcher.position, compacted);
      const { changes, upTo } = this.#slice(watcher.position, prefix);
      const loaded = changes.length > 0 ? this.#load(changes, previousValues !== false) : [];
      const events = loaded instanceof Promise ? await loaded : loaded;
      for (let first = 0; first < events.length;) {
        const { revision } = changes[first]!;
        let last = first;
        while (last < events.length && changes[last]!.revision === revision) last += 1;
        this.#deliver(watcher, revision, events.slice(first, last));
        first = last;
      }
      if (upTo > watcher.position) this.#deliver(watcher, upTo, []);
      if (watcher.position >= this.#index.revision) {
        watcher.live = true;
        return;
      }
    }
  }

  /** The next changes under the prefix: whole revisions, up to and including `upTo`. */
  #slice(after: number, prefix: string): { changes: Change<Slot>[]; upTo: number } {
    const changes: Change<Slot>[] = [];
    let upTo = after;
    for (let position = this.#index.positionAfter(after); position < this.#index.end; position += 1) {
      const change = this.#index.changeAt(position);
      if (change.revision !== upTo && changes.length >= catchUpChangesMax) return { changes, upTo };
      upTo = change.revision;
      if (change.key.startsWith(prefix)) changes.push(change);
    }
    return { changes, upTo: this.#index.revision };
  }

  #end(watcher: Watcher, cause: unknown): void {
    if (watcher.ended) return;
    watcher.ended = true;
    this.#watchers.delete(watcher);
    const error = cause === undefined || cause instanceof Error ? cause : new Error("watch failed", { cause });
    watcher.options.onEnd(error);
  }
}
