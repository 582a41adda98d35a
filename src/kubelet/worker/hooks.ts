// Lifecycle hooks: what runs right after a container's start and right before its stop
// (pkg/kubelet/lifecycle/handlers.go). Imports src/base and src/kinds.
import { sleep } from "../../base/clock.ts";
import type { Container, LifecycleHandler, Pod } from "../../kinds/types/core-v1.gen.ts";
import { formatPod } from "../pod/container-spec.ts";
import { podAddresses } from "../pod/runtime-state.ts";
import { httpRequest } from "../probes/run-probe.ts";
import type { NodeServices } from "./node-services.ts";

/** A hook's HTTP request may take as long as the pod lets it; upstream's client has no time-out of its own. */
const hookTimeoutMs = 3_600_000;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function runExec(services: NodeServices, containerId: string, command: readonly string[]): Promise<void> {
  const { stdout, stderr, exitCode } = await services.runtime.execSync(containerId, command, 0);
  if (exitCode === 0) return;
  const decoder = new TextDecoder();
  const why = `command '${command.join(" ")}' exited with ${exitCode}: ${decoder.decode(stderr)}`;
  throw new HookError(why, decoder.decode(stdout) + decoder.decode(stderr));
}

class HookError extends Error {
  readonly output: string;
  constructor(message: string, output: string) {
    super(message);
    this.output = output;
  }
}

async function runHttp(services: NodeServices, pod: Pod, container: Container, handler: LifecycleHandler) {
  const [podIp] = podAddresses(services.index.stateOf(pod.metadata.uid!));
  const address = pod.spec.hostNetwork ? services.facts.addresses[0] : podIp;
  if (!handler.httpGet!.host && !address) throw new Error("failed to find networking container");
  await services.prober.http(httpRequest(handler.httpGet!, container, address ?? "", "lifecycle", hookTimeoutMs));
}

/** Runs a hook to its end. Rejects with an Error that says what failed, as the container's status shows it. */
export async function runHook(
  services: NodeServices,
  pod: Pod,
  container: Container,
  containerId: string,
  handler: LifecycleHandler,
  signal?: AbortSignal,
): Promise<void> {
  const where = `for Container "${container.name}" in Pod "${formatPod(pod)}" failed - error: `;
  try {
    if (handler.exec) await runExec(services, containerId, handler.exec.command ?? []);
    else if (handler.httpGet) await runHttp(services, pod, container, handler);
    else if (handler.sleep) await sleep(services.clock, handler.sleep.seconds * 1000, signal);
    else throw new Error("invalid handler");
  } catch (error) {
    const why = messageOf(error);
    if (handler.exec) {
      const output = error instanceof HookError ? error.output : "";
      const command = `[${(handler.exec.command ?? []).join(" ")}]`;
      throw new Error(`Exec lifecycle hook (${command}) ${where}${why}, message: ${JSON.stringify(output)}`, {
        cause: error,
      });
    }
    if (handler.httpGet)
      throw new Error(`HTTP lifecycle hook (${handler.httpGet.path}) ${where}${why}`, { cause: error });
    throw new Error(`Sleep lifecycle hook (${handler.sleep?.seconds}) ${where}${why}`, { cause: error });
  }
}
