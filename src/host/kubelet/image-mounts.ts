// Image volumes where the runtime cannot mount them (containerd before 2.1): a read-only view of the image's unpacked
// layers, from containerd's snapshot service. May import node, src/host.
import { createHash } from "node:crypto";
import { RuntimeError } from "../../kubelet/runtime.ts";
import { services } from "../containerd/services.ts";
import type { CriConnection } from "../cri/connection.ts";
import { runProgram } from "../machine/run-program.ts";
import type { ImageMounts } from "./volume-host.ts";

interface SnapshotMount {
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** From the place alone, so that a later process can release it. */
const viewKey = (path: string): string => `proa-volume-${createHash("sha256").update(path).digest("hex")}`;

/** CRI's verbose status of an image tells under which key its layers are unpacked. */
async function chainIdOf(connection: CriConnection, imageId: string): Promise<string> {
  const { image, info } = await connection.call("ImageStatus", { image: { image: imageId }, verbose: true });
  if (!image) throw new RuntimeError(`image ${imageId} is not present`);
  const details = JSON.parse(info["info"] ?? "{}") as { chainID?: string };
  if (!details.chainID) throw new RuntimeError(`containerd does not tell where image ${imageId} is unpacked`);
  return details.chainID;
}

export function createImageMounts(connection: CriConnection, snapshotter: string): ImageMounts {
  const release = async (path: string): Promise<void> => {
    try {
      await connection.callService(services.removeSnapshot, { snapshotter, key: viewKey(path) });
    } catch (error) {
      if ((error as { code?: string }).code !== "NotFound") throw error;
    }
  };
  return {
    async mountImage(imageId, path) {
      const parent = await chainIdOf(connection, imageId);
      // What a broken-off attempt left.
      await release(path);
      // A root of the garbage collector: nothing else refers to the view.
      const labels = { "containerd.io/gc.root": new Date().toISOString() };
      const request = { snapshotter, key: viewKey(path), parent, labels };
      const reply = await connection.callService(services.viewSnapshot, request);
      for (const { type, source, options } of reply["mounts"] as SnapshotMount[]) {
        const flags = options.filter((option) => option !== "rbind");
        const bind = type === "bind" ? ["--bind"] : ["-t", type];
        await runProgram("mount", [...bind, "-o", [...flags, "ro"].join(","), source, path]);
        if (type === "bind") await runProgram("mount", ["-o", "remount,bind,ro", path]);
      }
    },
    releaseImage: release,
  };
}
