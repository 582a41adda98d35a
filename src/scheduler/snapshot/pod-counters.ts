// How many pods of each node match something (a spread constraint's selector, an affinity term), kept up to date as pods
// come and go, so that the next pod of the same Deployment counts nothing again. May import src/base, src/kinds.
import { countersMax } from "../limits.ts";
import type { PodInfo } from "../pod-info.ts";
import { grown } from "./node-amounts.ts";

export interface PodCounter {
  readonly matches: (info: PodInfo) => boolean;
  counts: Float64Array;
}

export class PodCounters {
  readonly #counters = new Map<string, PodCounter>();
  #length = 0;

  grow(length: number): void {
    this.#length = length;
    for (const counter of this.#counters.values()) counter.counts = grown(counter.counts, length);
  }

  addPod(slot: number, info: PodInfo, sign: 1 | -1): void {
    for (const counter of this.#counters.values()) {
      if (counter.matches(info)) counter.counts[slot]! += sign;
    }
  }

  /** The counter of that key; `pods` are gone through once, when it is new. Equal keys must match the same pods. */
  of(key: string, matches: PodCounter["matches"], pods: () => Iterable<readonly [number, PodInfo]>): PodCounter {
    let counter = this.#counters.get(key);
    if (counter) {
      this.#counters.delete(key);
    } else {
      counter = { matches, counts: new Float64Array(this.#length) };
      for (const [slot, info] of pods()) {
        if (matches(info)) counter.counts[slot]! += 1;
      }
      if (this.#counters.size >= countersMax) this.#counters.delete(this.#counters.keys().next().value!);
    }
    this.#counters.set(key, counter);
    return counter;
  }
}
