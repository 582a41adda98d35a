// Bytes between a connection that pushes and a reader that pulls: bounded, since the pusher is told when to pause.
// Imports nothing.

/** A queue of this size asks its source to pause; at half of it the source may go on. */
export const byteQueuePauseBytes = 1024 * 1024;

export interface Flow {
  pause(): void;
  resume(): void;
}

/** Pauses one source for several queues: it goes on when all of them have room. */
export class SharedFlow implements Flow {
  readonly #source: Flow;
  #paused = 0;
  constructor(source: Flow) {
    this.#source = source;
  }
  pause(): void {
    this.#paused += 1;
    if (this.#paused === 1) this.#source.pause();
  }
  resume(): void {
    this.#paused -= 1;
    if (this.#paused === 0) this.#source.resume();
  }
}

export class ByteQueue implements AsyncIterable<Uint8Array> {
  readonly #flow: Flow;
  #pieces: Uint8Array[] = [];
  #sizeBytes = 0;
  #paused = false;
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  push(piece: Uint8Array): void {
    if (this.#ended || piece.length === 0) return;
    this.#pieces.push(piece);
    this.#sizeBytes += piece.length;
    if (!this.#paused && this.#sizeBytes >= byteQueuePauseBytes) {
      this.#paused = true;
      this.#flow.pause();
    }
    this.#wake?.();
  }

  /** No more will come. With an error, readers get it after what is queued. */
  end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#wake?.();
  }

  /** Throws away what is queued and what still comes: nobody reads any more. */
  discard(): void {
    this.#ended = true;
    this.#take();
    this.#wake?.();
  }

  #take(): Uint8Array[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#sizeBytes = 0;
    if (this.#paused) {
      this.#paused = false;
      this.#flow.resume();
    }
    return pieces;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        while (this.#pieces.length > 0) yield* this.#take();
        if (this.#ended) {
          if (this.#error) throw this.#error;
          return;
        }
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    } finally {
      this.discard();
    }
  }
}
