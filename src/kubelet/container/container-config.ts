// A container as the runtime is asked for it (pkg/kubelet/kuberuntime: generateContainerConfig). Pure; imports
// src/kinds.
import type { Container, Pod } from "../../kinds/types/core-v1.gen.ts";
import { containerAnnotations, containerLabels } from "../pod/identity.ts";
import type { ContainerConfig, Image, Mount, NamespaceOptions } from "../runtime.ts";
import type { Environment } from "./env.ts";
import { expand } from "./expansion.ts";
import { containerResources, type LinuxContext } from "./linux-resources.ts";
import { containerSecurity, podNamespaces, type SecurityHost, verifyNonRoot } from "./security.ts";

export interface ContainerInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly restartCount: number;
  /** The image's id, as it was pulled or found. */
  readonly imageRef: string;
  readonly image: Image | undefined;
  readonly environment: Environment;
  readonly mounts: readonly Mount[];
  readonly linux: LinuxContext;
  readonly security: SecurityHost;
  readonly userns?: NamespaceOptions["userns"];
  /** The container whose processes an ephemeral container sees. */
  readonly targetId?: string;
}

/** NAME/RESTARTS.log, below the pod's log directory. */
export const containerLogPath = (name: string, restartCount: number): string => `${name}/${restartCount}.log`;

function namespacesOf({ pod, userns, targetId }: ContainerInput): NamespaceOptions {
  const options = podNamespaces(pod, userns);
  return targetId !== undefined && options.pid === "container" ? { ...options, pid: "target", targetId } : options;
}

/** Throws an Error in upstream's words where the security context cannot be had. */
export function containerConfig(input: ContainerInput): ContainerConfig {
  const { pod, container, environment, image, restartCount } = input;
  const user = {
    ...(image?.uid === undefined ? {} : { uid: image.uid }),
    ...(image?.username ? { username: image.username } : {}),
  };
  verifyNonRoot(pod, container, user);
  const expanded = (list: readonly string[] | undefined): string[] =>
    (list ?? []).map((text) => expand(text, (name) => environment.get(name)));
  const stopSignal = container.lifecycle?.stopSignal;
  return {
    metadata: { name: container.name, attempt: restartCount },
    image: { image: input.imageRef, userSpecifiedImage: container.image ?? "" },
    command: expanded(container.command),
    args: expanded(container.args),
    workingDir: container.workingDir ?? "",
    envs: [...environment].map(([key, value]) => ({ key, value })),
    mounts: input.mounts,
    devices: [],
    labels: containerLabels(pod, container),
    annotations: containerAnnotations(pod, container, restartCount),
    logPath: containerLogPath(container.name, restartCount),
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    ...(stopSignal ? { stopSignal } : {}),
    linux: {
      ...containerSecurity(pod, container, user, input.security),
      resources: containerResources(pod, container, input.linux),
      namespaces: namespacesOf(input),
    },
  };
}
