// What is left on the node of a pod that the API no longer has: stopped with the grace that its containers' annotations
// tell, then removed (pkg/kubelet: HandlePodCleanups). Imports the ports.
import { minimumGraceSeconds } from "../limits.ts";
import { readContainerRecord } from "../pod/identity.ts";
import { runningContainers } from "../pod/runtime-state.ts";
import type { NodeServices } from "./node-services.ts";

/** Rejects as the ports do; the next look at the node tries again. */
export async function removeOrphan(services: NodeServices, uid: string): Promise<void> {
  const { runtime, index, volumes, cgroups, volumeHost } = services;
  const { containers, sandboxes } = index.stateOf(uid);
  const stops = runningContainers(index.stateOf(uid)).map(async ({ id, status }) => {
    const record = readContainerRecord(status.annotations);
    const seconds = Math.max(record.terminationGracePeriodSeconds ?? 0, minimumGraceSeconds);
    if (record.preStop?.exec) {
      await runtime.execSync(id, record.preStop.exec.command ?? [], seconds).catch(() => undefined);
    }
    await runtime.stopContainer(id, seconds);
  });
  await Promise.all(stops);
  for (const { id, ready } of sandboxes) if (ready) await runtime.stopSandbox(id);
  for (const { id } of containers) {
    await runtime.removeContainer(id);
    index.remove(id);
  }
  for (const { id, metadata } of sandboxes) {
    await runtime.removeSandbox(id);
    index.remove(id);
    await volumeHost.remove(`${volumeHost.podLogsPath}/${metadata.namespace}_${metadata.name}_${metadata.uid}`);
  }
  await volumes.tearDown(uid);
  await cgroups.removePod(uid);
}
