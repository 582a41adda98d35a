// A binary heap from which any item can be taken out. Imports nothing.

export class Heap<T extends object> {
  readonly #items: T[] = [];
  readonly #positions = new Map<T, number>();
  readonly #before: (one: T, other: T) => boolean;

  constructor(before: (one: T, other: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }
  has(item: T): boolean {
    return this.#positions.has(item);
  }
  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    this.#items.push(item);
    this.#positions.set(item, this.#items.length - 1);
    this.#rise(this.#items.length - 1);
  }

  pop(): T | undefined {
    const first = this.#items[0];
    if (first) this.delete(first);
    return first;
  }

  delete(item: T): boolean {
    const position = this.#positions.get(item);
    if (position === undefined) return false;
    this.#positions.delete(item);
    const last = this.#items.pop()!;
    if (last !== item) {
      this.#put(last, position);
      this.#rise(position);
      this.#sink(this.#positions.get(last)!);
    }
    return true;
  }

  #put(item: T, position: number): void {
    this.#items[position] = item;
    this.#positions.set(item, position);
  }

  #rise(start: number): void {
    let position = start;
    const item = this.#items[position]!;
    while (position > 0) {
      const parent = (position - 1) >> 1;
      if (!this.#before(item, this.#items[parent]!)) break;
      this.#put(this.#items[parent]!, position);
      position = parent;
    }
    this.#put(item, position);
  }

  #sink(start: number): void {
    let position = start;
    const item = this.#items[position]!;
    for (;;) {
      let child = position * 2 + 1;
      if (child >= this.#items.length) break;
      if (child + 1 < this.#items.length && this.#before(this.#items[child + 1]!, this.#items[child]!)) child += 1;
      if (!this.#before(this.#items[child]!, item)) break;
      this.#put(this.#items[child]!, position);
      position = child;
    }
    this.#put(item, position);
  }
}
