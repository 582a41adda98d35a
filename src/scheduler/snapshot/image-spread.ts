// Which images are on which nodes, and on how many: what the score of image locality asks. Source: pkg/scheduler
// framework ImageStateSummary. May import src/base, src/kinds.
import type { ContainerImage } from "../../kinds/types/core-v1.gen.ts";

/** "nginx" is "nginx:latest". */
export const withTag = (image: string): string =>
  image.lastIndexOf(":") <= image.lastIndexOf("/") ? `${image}:latest` : image;

interface Spread {
  sizeBytes: number;
  nodes: number;
}

export class ImageSpread {
  readonly #images = new Map<string, Spread>();
  readonly #namesOfSlot = new Map<number, ReadonlySet<string>>();
  /** Grows with each change. */
  version = 0;

  set(slot: number, images: readonly ContainerImage[]): void {
    const names = new Map(
      images.flatMap(({ names: all, sizeBytes = 0 }) => (all ?? []).map((name) => [name, sizeBytes] as const)),
    );
    const old = this.#namesOfSlot.get(slot);
    if (old && old.size === names.size && [...names.keys()].every((name) => old.has(name))) return;
    this.delete(slot);
    if (names.size === 0) return;
    this.version += 1;
    this.#namesOfSlot.set(slot, new Set(names.keys()));
    for (const [name, sizeBytes] of names) {
      const spread = this.#images.get(name) ?? { sizeBytes, nodes: 0 };
      spread.nodes += 1;
      this.#images.set(name, spread);
    }
  }

  delete(slot: number): void {
    const old = this.#namesOfSlot.get(slot);
    if (!old) return;
    this.version += 1;
    this.#namesOfSlot.delete(slot);
    for (const name of old) {
      const spread = this.#images.get(name)!;
      spread.nodes -= 1;
      if (spread.nodes === 0) this.#images.delete(name);
    }
  }

  /** The image's size, scaled by the part of the nodes that have it; 0 where this node hasn't. */
  scoreOf(slot: number, image: string, nodes: number): number {
    const name = withTag(image);
    if (!this.#namesOfSlot.get(slot)?.has(name)) return 0;
    const spread = this.#images.get(name)!;
    return Math.trunc(spread.sizeBytes * (spread.nodes / nodes));
  }
}
