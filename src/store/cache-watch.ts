// One watch of a cache, pulled by its reader. It holds no queue of its own: it is a place in the cache's history, and when
// the history has moved past it, it ends with 410 and nobody else notices. May import src/base and src/kinds.
import { errors } from "../base/errors.ts";
import type { StatusError } from "../base/errors.ts";
import type { Timer } from "../base/clock.ts";
import type { WatchEvent, WatchEventType, WatchStream } from "../kinds/request.ts";
import type { CachedObject } from "./cached-object.ts";
import { EarlyEvents } from "./early-events.ts";
import { bookmarkBeforeEndMs, bookmarkIntervalMs, watchBatchBytesMax, watchBatchEventsMax } from "./limits.ts";
import type { Change } from "./revision-index.ts";
import type { WatchCache } from "./watch-cache.ts";
import { refOfObject } from "./watch-form.ts";
import type { WatchForm } from "./watch-form.ts";
import type { WatcherSet } from "./watcher-set.ts";
import type { WatchWindow } from "./watch-window.ts";

export interface CacheWatchOptions<Projection> {
  /** Changes after this revision; undefined: all objects as ADDED first, then changes. */
  readonly afterRevision?: number;
  /** After the initial objects, a BOOKMARK that says so (sendInitialEvents). */
  readonly initialEventsEnd?: boolean;
  readonly namespace?: string;
  readonly name?: string;
  readonly index?: { readonly name: string; readonly value: string };
  /** An object that begins to be selected is ADDED, one that ceases to be is DELETED. */
  select?(object: CachedObject<Projection>): boolean;
  readonly form: WatchForm<Projection>;
  /** A BOOKMARK each minute, and before the end that timeoutMs makes. */
  readonly bookmarks?: boolean;
  readonly timeoutMs?: number;
}

/** What a watcher is told; `object` is undefined for bookmarks and errors, which are made at once. */
interface Told<Projection> {
  readonly type: WatchEventType;
  readonly revision: number;
  readonly object: CachedObject<Projection>;
}

export class CacheWatch<Projection = unknown> implements WatchStream {
  readonly options: CacheWatchOptions<Projection>;
  readonly #cache: WatchCache<Projection>;
  readonly #watchers: WatcherSet<Projection>;
  readonly #prefix: string;
  #state: "open" | "ending" | "ended" = "open";
  #failure: StatusError | undefined;
  /** Objects to be told as ADDED first. */
  #initial: readonly CachedObject<Projection>[] = [];
  #initialAt = 0;
  #initialEndDue = false;
  /** Changes from before the window. */
  #early: EarlyEvents<Projection> | undefined;
  /** The next change to look at. While the watch waits, it has seen all that concerns it. */
  #position: number;
  /** Everything up to it has been told. */
  #revision: number;
  #bookmarkDue = false;
  #wake: (() => void) | undefined;
  #waiting = false;
  #timers: Timer[] = [];

  constructor(cache: WatchCache<Projection>, watchers: WatcherSet<Projection>, options: CacheWatchOptions<Projection>) {
    this.options = options;
    this.#cache = cache;
    this.#watchers = watchers;
    const { namespace, name, afterRevision } = options;
    this.#prefix = `${cache.spec.prefix}${namespace ? `${namespace}/` : ""}`;
    const { history } = cache;
    this.#position = history.end;
    this.#revision = history.revision;
    if (afterRevision === undefined) {
      const page = cache.list({ namespace, index: options.index, select: (object) => this.#selected(object, name) });
      this.#initial = (page as Exclude<typeof page, Promise<unknown>>).items;
      this.#initialEndDue = options.initialEventsEnd === true;
    } else if (afterRevision < history.compactedRevision) {
      this.#early = new EarlyEvents(cache, this.#prefix, afterRevision, () => this.#awake());
    } else {
      this.#position = history.positionAfter(afterRevision);
      this.#revision = Math.min(afterRevision, history.revision);
    }
    watchers.add(this);
    this.#arm();
  }

  async next(): Promise<readonly WatchEvent[]> {
    const told = await this.#told();
    if (told === undefined) return this.#failureEvent();
    const { form } = this.options;
    const events = told.map(({ type, object }) => ({ type, ref: form.refOf ? form.refOf(object) : object.ref }));
    return [...events, ...this.#bookmarks()];
  }

  async nextBytes(): Promise<Uint8Array | undefined> {
    const told = await this.#told();
    const { form } = this.options;
    if (told === undefined) {
      const [failure] = this.#failureEvent();
      return failure && form.encode(failure.type, failure.ref);
    }
    const pieces = told.map((one) => this.#encoded(one));
    for (const { type, ref } of this.#bookmarks()) pieces.push(form.encode(type, ref));
    return pieces.length === 1 ? pieces[0]! : join(pieces);
  }

  close(): void {
    this.#end("ended");
    this.#initial = [];
    this.#awake();
  }

  /** The cache has lost its place: the reader is told 410. */
  expire(revision: number): void {
    this.#failure ??= tooOld(this.#revision, revision);
    this.#end("ending");
    this.#awake();
  }

  /** What has come is told, then the stream ends. */
  finish(): void {
    this.#end("ending");
    this.#awake();
  }

  /** The cache has a change at a position of its history. */
  notice(change: Change<CachedObject<Projection>>, position: number, window: WatchWindow): void {
    if (!this.#waiting || this.#typeOf(change) === undefined) return;
    this.#waiting = false;
    this.#position = position;
    window.wake.add(() => this.#awake());
  }

  /** Waits for something to tell; undefined: it has ended (with #failure told or not). Bookmarks may be due besides. */
  async #told(): Promise<readonly Told<Projection>[] | undefined> {
    for (;;) {
      if (this.#state === "ended" || this.#failure) return undefined;
      const told = this.#collect();
      if (told === undefined) return undefined;
      if (told.length > 0 || this.#bookmarkNow()) return told;
      if (this.#state === "ending") {
        this.#state = "ended";
        return undefined;
      }
      this.#waiting = this.#early === undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** The next events, up to a batch; undefined: the history has moved past this watch. */
  #collect(): Told<Projection>[] | undefined {
    const told: Told<Projection>[] = [];
    let bytes = 0;
    const full = (): boolean => told.length >= watchBatchEventsMax || bytes >= watchBatchBytesMax;
    const tell = (type: WatchEventType, revision: number, object: CachedObject<Projection>): void => {
      told.push({ type, revision, object });
      bytes += object.ref.bytes.length;
    };
    for (; this.#initialAt < this.#initial.length && !full(); this.#initialAt += 1) {
      const object = this.#initial[this.#initialAt]!;
      tell("ADDED", object.revision, object);
    }
    if (this.#initialAt >= this.#initial.length) this.#initial = [];
    if (this.#initial.length > 0) return told;
    if (this.#early && !this.#collectEarly(tell, full)) return this.#failure ? undefined : told;
    return this.#collectRecent(told, tell, full) ? told : undefined;
  }

  /** True: the events before the window have all been told. */
  #collectEarly(tell: Tell<Projection>, full: () => boolean): boolean {
    for (let change = this.#early!.peek(); change !== undefined && !full(); change = this.#early!.peek()) {
      this.#tellChange(change, tell);
      this.#revision = change.revision;
      this.#early!.take();
    }
    const { state } = this.#early!;
    if (state === "failed") this.#failure = tooOld(this.#revision, this.#cache.windowRevision());
    if (state !== "done" || this.#early!.peek() !== undefined) return false;
    this.#early = undefined;
    return true;
  }

  #collectRecent(told: readonly unknown[], tell: Tell<Projection>, full: () => boolean): boolean {
    const { history } = this.#cache;
    // A watch that has told something in this call gets its 410 by the next.
    if (this.#position < history.start) {
      if (told.length > 0) return true;
      this.#failure = tooOld(this.#revision, history.compactedRevision);
      return false;
    }
    for (; this.#position < history.end && !full(); this.#position += 1) {
      const change = history.changeAt(this.#position);
      this.#tellChange(change, tell);
      this.#revision = Math.max(this.#revision, change.revision);
    }
    if (this.#position >= history.end) this.#revision = Math.max(this.#revision, history.revision);
    return true;
  }

  #tellChange(change: Change<CachedObject<Projection>>, tell: Tell<Projection>): void {
    const type = this.#typeOf(change);
    if (type === undefined) return;
    const { afterRevision } = this.options;
    // A watch may begin at a revision that is yet to come.
    if (afterRevision !== undefined && change.revision <= afterRevision) return;
    tell(type, change.revision, type === "DELETED" ? this.#cache.leaving(change) : change.version!.slot);
  }

  /** What a change is for this watcher; undefined: nothing. */
  #typeOf({ key, version, previous }: Change<CachedObject<Projection>>): WatchEventType | undefined {
    if (!key.startsWith(this.#prefix)) return undefined;
    const { name } = this.options;
    if (name !== undefined && (version ?? previous)!.slot.name !== name) return undefined;
    const now = version !== undefined && this.#cache.matches(version.slot, this.options);
    const before = previous !== undefined && this.#cache.matches(previous.slot, this.options);
    if (now) return before ? "MODIFIED" : "ADDED";
    return before ? "DELETED" : undefined;
  }

  #selected(object: CachedObject<Projection>, name: string | undefined): boolean {
    return (name === undefined || object.name === name) && (this.options.select?.(object) ?? true);
  }

  #encoded({ type, object }: Told<Projection>): Uint8Array {
    const { form } = this.options;
    const ref = form.refOf ? form.refOf(object) : object.ref;
    if (this.#watchers.size < 2) return form.encode(type, ref);
    const key = `${type} ${form.name}`;
    let bytes = object.encoded.get(key);
    if (bytes === undefined) {
      bytes = form.encode(type, ref);
      object.encoded.set(key, bytes);
      this.#cache.shared.window.encoded.push({ forms: object.encoded, form: key }, bytes.length);
    }
    return bytes;
  }

  /** A bookmark is due and can be given: nothing from before it is outstanding. */
  #bookmarkNow(): boolean {
    return (this.#initialEndDue || this.#bookmarkDue) && this.#initial.length === 0 && this.#early === undefined;
  }

  #bookmarks(): WatchEvent[] {
    const { form } = this.options;
    if (!this.#bookmarkNow()) return [];
    const initial = this.#initialEndDue;
    this.#initialEndDue = false;
    this.#bookmarkDue = false;
    return [{ type: "BOOKMARK", ref: form.bookmark(this.#revision, initial) }];
  }

  #failureEvent(): WatchEvent[] {
    const failure = this.#failure;
    const told = this.#state !== "ended";
    this.#end("ended");
    return failure && told ? [{ type: "ERROR", ref: refOfObject(failure.status) }] : [];
  }

  #end(state: "ending" | "ended"): void {
    if (this.#state === "open") this.#watchers.delete(this);
    if (this.#state !== "ended") this.#state = state;
    for (const timer of this.#timers) timer.cancel();
    this.#early?.close();
  }

  #awake(): void {
    // While it waited, nothing has come that concerns it, or notice() would have said so.
    if (this.#waiting) this.#position = this.#cache.history.end;
    this.#waiting = false;
    this.#wake?.();
    this.#wake = undefined;
  }

  #arm(): void {
    const { bookmarks, timeoutMs } = this.options;
    const { clock } = this.#cache.shared;
    const bookmark = (): void => {
      this.#bookmarkDue = true;
      this.#awake();
    };
    if (timeoutMs !== undefined) {
      this.#timers.push(clock.after(timeoutMs, () => this.finish()));
      const lastMs = timeoutMs - bookmarkBeforeEndMs;
      if (bookmarks && lastMs > 0) this.#timers.push(clock.after(lastMs, bookmark));
    }
    if (!bookmarks) return;
    const again = (): void => {
      bookmark();
      this.#timers[slot] = clock.after(bookmarkIntervalMs, again);
    };
    const slot = this.#timers.length;
    this.#timers.push(clock.after(bookmarkIntervalMs, again));
  }
}

type Tell<Projection> = (type: WatchEventType, revision: number, object: CachedObject<Projection>) => void;

/** Upstream's words (k8s.io/apiserver/pkg/storage/cacher/watch_cache.go). */
function tooOld(revision: number, oldest: number): StatusError {
  return errors.expired(`too old resource version: ${revision} (${oldest})`);
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    joined.set(piece, offset);
    offset += piece.length;
  }
  return joined;
}
