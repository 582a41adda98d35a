// The value of a topology key (zone, hostname) of every node, as a small number: the domain. May import src/base,
// src/kinds.

export interface Domains {
  /** By slot: the number of the node's domain, or -1 where the node has no such label. */
  readonly ofSlot: Int32Array;
  /** How many numbers are given out. */
  readonly size: number;
}

interface Known {
  ofSlot: Int32Array;
  numbers: Map<string, number>;
}

export class Topology {
  readonly #keys = new Map<string, Known>();
  readonly #labelsOf: (slot: number) => Readonly<Record<string, string>> | undefined;
  #length = 0;

  constructor(labelsOf: (slot: number) => Readonly<Record<string, string>> | undefined) {
    this.#labelsOf = labelsOf;
  }

  grow(length: number): void {
    this.#length = length;
    this.#keys.clear();
  }

  /** A node came, went or changed its labels. */
  update(slot: number): void {
    for (const [key, known] of this.#keys) this.#set(key, known, slot);
  }

  domainsOf(key: string): Domains {
    let known = this.#keys.get(key);
    if (!known) {
      known = { ofSlot: new Int32Array(this.#length), numbers: new Map() };
      for (let slot = 0; slot < this.#length; slot += 1) this.#set(key, known, slot);
      this.#keys.set(key, known);
    }
    return { ofSlot: known.ofSlot, size: known.numbers.size };
  }

  #set(key: string, known: Known, slot: number): void {
    const labels = this.#labelsOf(slot);
    const value = labels && Object.hasOwn(labels, key) ? labels[key]! : undefined;
    let number = value === undefined ? -1 : known.numbers.get(value);
    if (number === undefined) known.numbers.set(value!, (number = known.numbers.size));
    known.ofSlot[slot] = number;
  }
}
