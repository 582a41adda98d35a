// The log file port on a real machine. May import node, src/kubelet's port.
import { createReadStream, createWriteStream, watch } from "node:fs";
import { open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { LogFile, LogFiles } from "../../kubelet/log-files.ts";

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "ENOENT";

async function openLog(path: string): Promise<LogFile | undefined> {
  try {
    const handle = await open(path, "r");
    const { ino, dev } = await handle.stat({ bigint: true });
    return {
      inode: `${dev}:${ino}`,
      sizeBytes: async () => (await handle.stat()).size,
      async read(offset, length) {
        const buffer = new Uint8Array(length);
        const { bytesRead } = await handle.read(buffer, 0, length, offset);
        return buffer.subarray(0, bytesRead);
      },
      close: () => handle.close(),
    };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Watches the folder: a file that is renamed and made anew is another one under the same name. */
function watchLog(path: string, signal: AbortSignal, onChange: () => void): void {
  if (signal.aborted) return;
  const name = basename(path);
  const watcher = watch(dirname(path), { signal }, (_event, changed) => {
    if (changed === null || changed === name) onChange();
  });
  // The folder may be removed with its pod; the reader finds out by itself.
  watcher.on("error", () => watcher.close());
}

export const hostLogFiles: LogFiles = {
  open: openLog,
  async sizeBytes(path) {
    try {
      return (await stat(path)).size;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
  rename,
  remove: (path) => rm(path, { force: true }),
  async list(path) {
    try {
      return await readdir(path);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  },
  async compress(path, to) {
    // Under another name until it is whole: a half-written archive is never taken for a log.
    await pipeline(createReadStream(path), createGzip(), createWriteStream(`${to}.tmp`));
    await rename(`${to}.tmp`, to);
    await rm(path, { force: true });
  },
  watch: watchLog,
};
