// What the watch caches share: bounds over all of them, and the waking of watchers in slices. May import src/base.
import type { Clock } from "../base/clock.ts";
import { encodedEventBytesMax, wakeSliceWatchers, watchWindowBytesMax } from "./limits.ts";

/** A first-in, first-out list that forgets its oldest when all of it is larger than a bound. */
export class BoundedQueue<Item> {
  readonly #bytesMax: number;
  readonly #drop: (item: Item) => void;
  #items: { readonly item: Item; readonly sizeBytes: number }[] = [];
  #head = 0;
  #bytes = 0;

  constructor(bytesMax: number, drop: (item: Item) => void) {
    this.#bytesMax = bytesMax;
    this.#drop = drop;
  }

  get sizeBytes(): number {
    return this.#bytes;
  }

  push(item: Item, sizeBytes: number): void {
    this.#items.push({ item, sizeBytes });
    this.#bytes += sizeBytes;
    // The newest stays, however large it is.
    while (this.#bytes > this.#bytesMax && this.#items.length - this.#head > 1) {
      const oldest = this.#items[this.#head]!;
      this.#items[this.#head] = undefined as never;
      this.#head += 1;
      this.#bytes -= oldest.sizeBytes;
      this.#drop(oldest.item);
    }
    if (this.#head > 1024 && this.#head > this.#items.length / 2) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }
}

/** The history of one cache: told to forget its oldest revision when all caches together hold too much. */
export interface WindowMember {
  forgetRevision(revision: number): void;
}

/** Wakes many, some at once and the others in later turns of the loop, so that no step holds it. */
class WakeQueue {
  readonly #clock: Clock;
  #woken = 0;
  #waiting: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(wake: () => void): void {
    if (this.#woken < wakeSliceWatchers && this.#waiting.length === 0) {
      if (this.#woken === 0) queueMicrotask(() => void (this.#woken = 0));
      this.#woken += 1;
      wake();
      return;
    }
    if (this.#waiting.push(wake) === 1) this.#clock.after(0, () => this.#next());
  }

  #next(): void {
    const slice = this.#waiting.slice(0, wakeSliceWatchers);
    this.#waiting = this.#waiting.slice(wakeSliceWatchers);
    for (const wake of slice) wake();
    if (this.#waiting.length > 0) this.#clock.after(0, () => this.#next());
  }
}

/** One for all watch caches of a process. */
export interface WatchWindow {
  readonly history: BoundedQueue<{ readonly member: WindowMember; readonly revision: number }>;
  readonly encoded: BoundedQueue<{ readonly forms: Map<string, Uint8Array>; readonly form: string }>;
  readonly wake: WakeQueue;
}

export function createWatchWindow(clock: Clock, historyBytesMax = watchWindowBytesMax): WatchWindow {
  return {
    history: new BoundedQueue(historyBytesMax, ({ member, revision }) => member.forgetRevision(revision)),
    encoded: new BoundedQueue(encodedEventBytesMax, ({ forms, form }) => forms.delete(form)),
    wake: new WakeQueue(clock),
  };
}
