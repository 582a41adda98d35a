// The end of a pod: its containers stop within their grace, the API is told their last states, everything on the node
// goes, and then the pod itself (pkg/kubelet: SyncTerminatingPod, SyncTerminatedPod). Every step may be the first one
// after a restart of the agent. Imports src/kinds.
import { podLogDirectory } from "../container/sandbox-config.ts";
import { podReference } from "../events.ts";
import { podRetryMs } from "../limits.ts";
import { runningContainers } from "../pod/runtime-state.ts";
import { RuntimeNotFoundError } from "../runtime.ts";
import { killPod, removeContainer } from "./act.ts";
import type { PodWorker } from "./pod-worker.ts";

/** The seconds that the pod gets: what its deletion says, what ended it, or its own; at least one. */
function graceOf({ pod, verdict }: PodWorker): number {
  const own = pod.spec.terminationGracePeriodSeconds ?? 30;
  const given = pod.metadata.deletionGracePeriodSeconds;
  return Math.max(1, Math.min(given ?? Infinity, verdict?.graceSeconds ?? given ?? own));
}

async function stopEverything(worker: PodWorker): Promise<boolean> {
  const { services, uid, pod } = worker;
  worker.probes.stop(["liveness", "startup"]);
  worker.publish({ terminal: false, mayRun: true });
  try {
    if (!(await killPod(worker, worker.signal, graceOf(worker)))) {
      worker.wake();
      return false;
    }
  } catch (error) {
    // The agent itself has stopped: the next one goes on.
    if (worker.signal.aborted) throw error;
    const why = error instanceof Error ? error.message : String(error);
    services.recorder.event(podReference(pod), "Warning", "FailedKillPod", `error killing pod: ${why}`);
    throw error;
  }
  const left = runningContainers(services.index.stateOf(uid));
  if (left.length > 0) {
    services.log.error("containers run after they were stopped", { pod: pod.metadata.name, count: left.length });
    worker.wakeAt(services.clock.now() + podRetryMs);
    return false;
  }
  worker.probes.stop();
  return true;
}

async function cleanUp({ services, uid }: PodWorker): Promise<void> {
  services.objects.forget(uid);
  services.tokens.forget(uid);
  services.images.forgetPod(uid);
  await services.volumes.tearDown(uid);
  await services.cgroups.removePod(uid);
}

/** What is left in the runtime, and the logs. */
async function removeRemains(worker: PodWorker): Promise<void> {
  const { services, uid, pod } = worker;
  const { containers, sandboxes } = services.index.stateOf(uid);
  for (const { id } of containers) await removeContainer(worker, id);
  for (const { id } of sandboxes) {
    try {
      await services.runtime.removeSandbox(id);
    } catch (error) {
      if (!(error instanceof RuntimeNotFoundError)) throw error;
    }
    services.index.remove(id);
  }
  await services.volumeHost.remove(podLogDirectory(services.volumeHost.podLogsPath, pod));
}

/** One round of a pod that ends. Resolves to true when nothing of it is left. Rejects as the ports do: tried again. */
export async function terminatePod(worker: PodWorker): Promise<boolean> {
  const { services, uid } = worker;
  if (worker.phase !== "terminated") {
    worker.phase = "terminating";
    if (!(await stopEverything(worker))) return false;
    await services.index.refreshPod(uid);
    worker.publish({ terminal: true, mayRun: false });
    await cleanUp(worker);
    worker.phase = "terminated";
  }
  if (!worker.removed) {
    await services.statuses.flush(uid);
    const { deletionTimestamp } = worker.pod.metadata;
    if (!deletionTimestamp) return false;
    if (!(await services.statuses.delete(uid))) {
      worker.wakeAt(services.clock.now() + podRetryMs);
      return false;
    }
  }
  services.statuses.forget(uid);
  await removeRemains(worker);
  worker.phase = "gone";
  return true;
}
