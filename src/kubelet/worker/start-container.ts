// Starting one container: its image, its configuration, create, start, and the hook after it
// (pkg/kubelet/kuberuntime: startContainer). Imports src/kinds.
import type { Container, EphemeralContainer, Pod } from "../../kinds/types/core-v1.gen.ts";
import { containerReference } from "../events.ts";
import { type FoundImage, ImageError } from "../images/image-puller.ts";
import { findContainer } from "../pod/container-spec.ts";
import { isRunning, latestContainer } from "../pod/runtime-state.ts";
import type { SandboxConfig } from "../runtime.ts";
import type { MountedVolume } from "../volumes/pod-volumes.ts";
import { runHook } from "./hooks.ts";
import type { NodeServices } from "./node-services.ts";
import { prepareContainer } from "./pod-files.ts";
import { stopContainer } from "./stop-containers.ts";
import { unlessAborted } from "./unless-aborted.ts";

/** Why a container did not start: what its status says while it waits. */
export class StartError extends Error {
  override name = "StartError";
  readonly reason: string;
  readonly retryAtMs: number | undefined;
  constructor(reason: string, message: string, retryAtMs?: number) {
    super(message);
    this.reason = reason;
    this.retryAtMs = retryAtMs;
  }
}

export interface StartRequest {
  readonly services: NodeServices;
  readonly pod: Pod;
  readonly container: Container;
  readonly sandboxId: string;
  readonly sandbox: SandboxConfig;
  readonly volumes: ReadonlyMap<string, MountedVolume>;
  readonly missingImages: ReadonlyMap<string, ImageError>;
  /** Aborted when the pod is to be terminated: what has not begun is not begun. */
  readonly signal: AbortSignal;
  readonly hooksRun: Set<string>;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function tell(request: StartRequest, type: "Normal" | "Warning", reason: string, message: string, id = ""): void {
  const { services, pod, container } = request;
  // Ids make each message another one; upstream puts the container's name in their place.
  const text = id ? message.replaceAll(id, container.name) : message;
  services.recorder.event(containerReference(pod, container.name), type, reason, text);
}

async function findImage(request: StartRequest): Promise<FoundImage> {
  const { services, pod, container, sandbox } = request;
  try {
    return await services.images.ensure({
      pod,
      reference: containerReference(pod, container.name),
      image: container.image ?? "",
      policy: container.imagePullPolicy ?? "IfNotPresent",
      pullSecrets: () => services.pullSecrets(pod),
      sandbox,
      runtimeHandler: sandbox.runtimeHandler,
    });
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    tell(request, "Warning", "Failed", `Error: ${error.reason}`);
    throw new StartError(error.reason, error.message, error.retryAtMs);
  }
}

/** Images of the volumes that the container mounts (toKubeContainerImageVolumes): of several, the last one is told. */
function checkImageVolumes(request: StartRequest): void {
  let last: ImageError | undefined;
  for (const { name } of request.container.volumeMounts ?? []) {
    const missing = request.missingImages.get(name);
    if (!missing) continue;
    tell(request, "Warning", "Failed", `Error: ${missing.reason}`);
    last = missing;
  }
  if (last) throw new StartError(last.reason, last.message, last.retryAtMs);
}

/** The container that an ephemeral one is to see into. */
function targetOf({ services, pod, container }: StartRequest): string | undefined {
  const name = (container as EphemeralContainer).targetContainerName;
  if (!name) return undefined;
  const target = latestContainer(services.index.stateOf(pod.metadata.uid!), name);
  if (!target) throw new Error(`unable to find target container ${name}`);
  return target.id;
}

/** The count of restarts: from the last instance, or from the logs that it left behind where the runtime forgot it. */
async function restartCountOf({ services, pod, container, sandbox }: StartRequest): Promise<number> {
  const latest = latestContainer(services.index.stateOf(pod.metadata.uid!), container.name);
  if (latest) return latest.restartCount + 1;
  const names = await services.logFiles.list(`${sandbox.logDirectory}/${container.name}`);
  const counts = names.map((name) => /^([0-9]+)\.log/.exec(name)?.[1]).filter((count) => count !== undefined);
  return counts.length > 0 ? Math.max(...counts.map(Number)) + 1 : 0;
}

async function create(request: StartRequest, found: FoundImage): Promise<string> {
  const { services, pod, container, sandbox, sandboxId, volumes } = request;
  const fail = (reason: string, error: unknown): never => {
    const message = messageOf(error);
    tell(request, "Warning", "Failed", `Error: ${message}`);
    throw new StartError(reason, message);
  };
  let config;
  try {
    const targetId = targetOf(request);
    const restartCount = await restartCountOf(request);
    config = await prepareContainer({
      services,
      pod,
      container,
      restartCount,
      found,
      volumes,
      ...(targetId === undefined ? {} : { targetId }),
    });
  } catch (error) {
    return fail("CreateContainerConfigError", error);
  }
  try {
    return await services.runtime.createContainer(sandboxId, config, sandbox);
  } catch (error) {
    return fail("CreateContainerError", error);
  }
}

async function runPostStart(request: StartRequest, id: string): Promise<void> {
  const { services, pod, container, signal, hooksRun } = request;
  const handler = container.lifecycle?.postStart;
  if (!handler) return;
  try {
    await runHook(services, pod, container, id, handler, signal);
  } catch (error) {
    if (signal.aborted) return;
    tell(request, "Warning", "FailedPostStartHook", "PostStartHook failed", id);
    const running = services.index.stateOf(pod.metadata.uid!).containers.find((one) => one.id === id);
    if (running && isRunning(running)) {
      const message = "FailedPostStartHook";
      await stopContainer({ services, pod, container: running, message, reason: message, signal, hooksRun });
    }
    await services.index.refresh(id);
    throw new StartError("PostStartHookError", messageOf(error));
  }
}

/** Resolves to the container's id when it runs and its hook is through. Rejects with StartError. */
export async function startContainer(request: StartRequest): Promise<string | undefined> {
  const { services, signal } = request;
  checkImageVolumes(request);
  // A pull may take long, and termination does not wait for it; what is created is also started, so that it is known.
  const found = await unlessAborted(findImage(request), signal);
  if (!found || signal.aborted) return undefined;
  const id = await create(request, found);
  tell(request, "Normal", "Created", "Container created", id);
  try {
    await services.runtime.startContainer(id);
  } catch (error) {
    const message = messageOf(error);
    tell(request, "Warning", "Failed", `Error: ${message}`, id);
    await services.index.refresh(id);
    throw new StartError("RunContainerError", message);
  }
  tell(request, "Normal", "Started", "Container started", id);
  await services.index.refresh(id);
  await unlessAborted(runPostStart(request, id), signal);
  return signal.aborted ? undefined : id;
}

/** The specification of the container of an action, whatever its type. */
export const specOf = (pod: Pod, name: string): Container | undefined => findContainer(pod.spec, name)?.container;
