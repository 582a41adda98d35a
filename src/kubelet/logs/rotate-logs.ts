// Log rotation: a running container's log that has grown past its size is moved aside, the runtime opens a new one, and
// of the old ones a few are kept, compressed (pkg/kubelet/logs/container_log_manager.go). Imports src/base.
import { logBytesMax, logFilesMax } from "../limits.ts";
import type { LogFiles } from "../log-files.ts";
import { isRunning } from "../pod/runtime-state.ts";
import type { Runtime } from "../runtime.ts";
import type { RuntimeIndex } from "../worker/runtime-index.ts";

export interface RotationLimits {
  readonly bytesMax: number;
  /** With the one that is written to. */
  readonly filesMax: number;
}
export interface RotationTools {
  readonly files: LogFiles;
  readonly runtime: Runtime;
  readonly index: RuntimeIndex;
  readonly nowMs: number;
}

/** "20260102-030405" */
const stampOf = (nowMs: number): string =>
  new Date(nowMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");

async function rotate(
  { files, runtime, nowMs }: RotationTools,
  id: string,
  path: string,
  { filesMax }: RotationLimits,
) {
  const slash = path.lastIndexOf("/");
  const folder = path.slice(0, slash);
  const name = path.slice(slash + 1);
  const rotated = (await files.list(folder)).filter((one) => one.startsWith(`${name}.`)).sort();
  // The newest stays as it is, since someone may be reading it; those before it are compressed.
  const kept = rotated.slice(Math.max(0, rotated.length - (filesMax - 2)));
  for (const one of rotated) if (!kept.includes(one)) await files.remove(`${folder}/${one}`);
  for (const one of kept) if (!one.endsWith(".gz")) await files.compress(`${folder}/${one}`, `${folder}/${one}.gz`);
  const moved = `${path}.${stampOf(nowMs)}`;
  await files.rename(path, moved);
  try {
    await runtime.reopenLog(id);
  } catch (error) {
    // The container goes on writing to the file that was moved: it gets its name back.
    await files.rename(moved, path);
    throw error;
  }
}

/** Looks at the log of every running container. Rejects with the first failure, after all have been looked at. */
export async function rotateLogs(
  tools: RotationTools,
  limits: RotationLimits = { bytesMax: logBytesMax, filesMax: logFilesMax },
): Promise<void> {
  const failures: unknown[] = [];
  for (const uid of tools.index.podUids()) {
    for (const container of tools.index.stateOf(uid).containers) {
      if (!isRunning(container)) continue;
      const path = container.status.logPath;
      try {
        const bytes = await tools.files.sizeBytes(path);
        if (bytes !== undefined && bytes >= limits.bytesMax) await rotate(tools, container.id, path, limits);
      } catch (error) {
        failures.push(error);
      }
    }
  }
  if (failures.length > 0) throw failures[0];
}
