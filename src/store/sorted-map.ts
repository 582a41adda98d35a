// A map whose keys are kept in order (of UTF-16 code units), with cheap ranges, counts and copies: blocks of keys that
// copies share until one of them writes. May import src/base.

/** Keys in one block. Larger blocks make insertion dearer, smaller ones make the list of blocks longer. */
const blockKeysMax = 512;

interface Block<Value> {
  /** Whoever may change it in place; every other map that holds it must copy it first. */
  owner: object;
  keys: string[];
  values: Value[];
}
interface Position {
  readonly block: number;
  readonly index: number;
}

export class SortedMap<Value> {
  #blocks: Block<Value>[] = [];
  #owner: object = {};
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): Value | undefined {
    const position = this.#locate(key);
    const block = this.#blocks[position.block];
    return block !== undefined && block.keys[position.index] === key ? block.values[position.index] : undefined;
  }

  set(key: string, value: Value): void {
    const { block: number, index } = this.#locate(key);
    if (number >= this.#blocks.length) {
      this.#append(key, value);
      return;
    }
    const block = this.#own(number);
    if (block.keys[index] === key) {
      block.values[index] = value;
      return;
    }
    block.keys.splice(index, 0, key);
    block.values.splice(index, 0, value);
    this.#size += 1;
    if (block.keys.length > blockKeysMax) this.#split(number, blockKeysMax >> 1);
  }

  delete(key: string): boolean {
    const { block: number, index } = this.#locate(key);
    if (this.#blocks[number]?.keys[index] !== key) return false;
    const block = this.#own(number);
    block.keys.splice(index, 1);
    block.values.splice(index, 1);
    this.#size -= 1;
    if (block.keys.length === 0) this.#blocks.splice(number, 1);
    else if (block.keys.length < blockKeysMax / 8) this.#join(number);
    return true;
  }

  /** Calls `visit` for each key under the prefix and after `after`, in order, until it returns false. */
  walk(prefix: string, after: string | undefined, visit: (value: Value, key: string) => boolean): void {
    let { block: number, index } = this.#start(prefix, after);
    for (; number < this.#blocks.length; number += 1, index = 0) {
      const { keys, values } = this.#blocks[number]!;
      for (; index < keys.length; index += 1) {
        if (!keys[index]!.startsWith(prefix) || !visit(values[index]!, keys[index]!)) return;
      }
    }
  }

  /** How many keys there are under the prefix and after `after`; costs little however many they are. */
  count(prefix: string, after?: string): number {
    const from = this.#start(prefix, after);
    const to = this.#lower((key) => key < prefix || key.startsWith(prefix));
    let count = to.index - from.index;
    for (let number = from.block; number < to.block; number += 1) count += this.#blocks[number]!.keys.length;
    return Math.max(0, count);
  }

  /** A map with the same content that shares its blocks with this one until either writes. */
  fork(): SortedMap<Value> {
    const copy = new SortedMap<Value>();
    copy.#blocks = this.#blocks.slice();
    copy.#size = this.#size;
    this.#owner = {};
    return copy;
  }

  #start(prefix: string, after: string | undefined): Position {
    if (after !== undefined && after >= prefix) return this.#lower((key) => key <= after);
    return this.#lower((key) => key < prefix);
  }

  #locate(key: string): Position {
    return this.#lower((candidate) => candidate < key);
  }

  /** The first position whose key is not before; `isBefore` must be true for a beginning of the keys only. */
  #lower(isBefore: (key: string) => boolean): Position {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(this.#blocks[middle]!.keys.at(-1)!)) low = middle + 1;
      else high = middle;
    }
    const keys = this.#blocks[low]?.keys;
    if (keys === undefined) return { block: low, index: 0 };
    let first = 0;
    let last = keys.length - 1;
    while (first < last) {
      const middle = (first + last) >> 1;
      if (isBefore(keys[middle]!)) first = middle + 1;
      else last = middle;
    }
    return { block: low, index: first };
  }

  #own(number: number): Block<Value> {
    const block = this.#blocks[number]!;
    if (block.owner === this.#owner) return block;
    const copy = { owner: this.#owner, keys: block.keys.slice(), values: block.values.slice() };
    this.#blocks[number] = copy;
    return copy;
  }

  /** Adds a key after all others; ascending insertions fill the blocks to the brim. */
  #append(key: string, value: Value): void {
    this.#size += 1;
    const last = this.#blocks.length - 1;
    if (last < 0 || this.#blocks[last]!.keys.length >= blockKeysMax) {
      this.#blocks.push({ owner: this.#owner, keys: [key], values: [value] });
      return;
    }
    const block = this.#own(last);
    block.keys.push(key);
    block.values.push(value);
  }

  #split(number: number, at: number): void {
    const block = this.#blocks[number]!;
    const rest = { owner: this.#owner, keys: block.keys.splice(at), values: block.values.splice(at) };
    this.#blocks.splice(number + 1, 0, rest);
  }

  /** Joins a small block with the next, so that deletions don't leave a long list of small blocks. */
  #join(number: number): void {
    const next = this.#blocks[number + 1];
    if (next === undefined || next.keys.length > blockKeysMax / 2) return;
    const block = this.#own(number);
    block.keys.push(...next.keys);
    block.values.push(...next.values);
    this.#blocks.splice(number + 1, 1);
  }
}
