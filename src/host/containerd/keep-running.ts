// Nobody but Proa starts a cluster's containerd, so Proa starts it again when it has ended (killed, out of memory): its
// containers run on in their shims, and it finds them. Learns of the end from a stream that containerd holds open, so that
// nothing is polled. May import node, src/base.
import { setTimeout as delay } from "node:timers/promises";
import type { CriConnection } from "../cri/connection.ts";
import { type ContainerdOptions, startContainerd } from "./containerd.ts";
import { services } from "./services.ts";

/** The first failure to start is followed by a pause, which doubles up to the second. */
const [pauseMsFirst, pauseMsMax] = [250, 30_000];

// containerd sends nothing on this stream: no topic is named so.
const noEvents = { filters: ['topic=="/proa/none"'] };

/** Resolves when the stream has ended. */
function waitForEnd(connection: CriConnection, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    connection.subscribe(
      services.subscribe,
      noEvents,
      signal,
      () => {},
      () => resolve(),
    );
  });
}

async function pause(pauseMs: number, signal: AbortSignal): Promise<void> {
  // Only the signal ends it early, and the caller looks at that.
  await delay(pauseMs, undefined, { signal, ref: false }).catch(() => {});
}

/** Keeps the containerd of these options running until the signal is aborted. */
export async function keepContainerdRunning(
  connection: CriConnection,
  options: ContainerdOptions,
  signal: AbortSignal,
): Promise<void> {
  let pauseMs = pauseMsFirst;
  for (;;) {
    const from = performance.now();
    await waitForEnd(connection, signal);
    if (signal.aborted) return;
    // A stream that ends at once says that containerd isn't there, or not yet.
    if (performance.now() - from > pauseMsMax) pauseMs = pauseMsFirst;
    await pause(pauseMs, signal);
    if (signal.aborted) return;
    try {
      const { found, mark } = await startContainerd(options);
      if (!found) options.log.info("containerd had ended and was started again", { pid: mark.pid });
      pauseMs = pauseMsFirst;
    } catch (error) {
      options.log.error("containerd had ended and could not be started again", { error });
      pauseMs = Math.min(pauseMs * 2, pauseMsMax);
    }
  }
}
