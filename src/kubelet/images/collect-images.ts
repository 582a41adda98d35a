// Image collection: when the disk of images is full past a mark, images that nothing uses go, the longest unused first,
// until a lower mark is reached (pkg/kubelet/images/image_gc_manager.go). Imports the ports.
import { imageDiskHighPercent, imageDiskLowPercent, imageMinimumAgeMs } from "../limits.ts";
import type { NodeMachine } from "../machine.ts";
import type { Runtime } from "../runtime.ts";

export interface ImageCollector {
  /** One look. Resolves to the bytes that were freed. */
  collect(): Promise<number>;
}
interface Seen {
  readonly firstMs: number;
  usedMs: number;
}

export function createImageCollector(runtime: Runtime, machine: NodeMachine, now: () => number): ImageCollector {
  const seen = new Map<string, Seen>();
  return {
    async collect() {
      const nowMs = now();
      const [images, containers] = await Promise.all([runtime.listImages(), runtime.listContainers()]);
      const used = new Set(containers.flatMap(({ image, imageId }) => [image, imageId]));
      const present = new Set(images.map(({ id }) => id));
      for (const id of seen.keys()) if (!present.has(id)) seen.delete(id);
      for (const image of images) {
        const known = seen.get(image.id) ?? { firstMs: nowMs, usedMs: 0 };
        const inUse = [image.id, ...image.repoTags, ...image.repoDigests].some((name) => used.has(name));
        if (inUse) known.usedMs = nowMs;
        seen.set(image.id, known);
      }
      const { capacityBytes, availableBytes } = await machine.filesystem();
      const usedPercent = 100 - (availableBytes * 100) / Math.max(1, capacityBytes);
      if (usedPercent < imageDiskHighPercent) return 0;
      const target = (capacityBytes * (100 - imageDiskLowPercent)) / 100 - availableBytes;
      const candidates = images
        .filter(({ id, pinned }) => !pinned && seen.get(id)!.usedMs < nowMs)
        .sort(
          (a, b) =>
            seen.get(a.id)!.usedMs - seen.get(b.id)!.usedMs || seen.get(a.id)!.firstMs - seen.get(b.id)!.firstMs,
        );
      let freed = 0;
      for (const { id, sizeBytes } of candidates) {
        if (freed >= target) break;
        if (nowMs - seen.get(id)!.firstMs < imageMinimumAgeMs) continue;
        await runtime.removeImage({ image: id });
        seen.delete(id);
        freed += sizeBytes;
      }
      return freed;
    },
  };
}
