// In-place resize: what has to change on a running container so that it has what its pod now asks for (KEP-1287).
// Decreases come before increases, memory before CPU. Imports src/kinds.
import type { Container, Pod, ResourceRequirements } from "../../kinds/types/core-v1.gen.ts";
import type { PodView, Resizable } from "./action.ts";
import { milliOf, valueOf } from "./amounts.ts";

interface Effective {
  readonly memoryLimit: number;
  readonly memoryRequest: number;
  readonly cpuLimit: number;
  readonly cpuRequest: number;
}

/** Resources with the pod's own limits where the container has none. */
export function effectiveResources(pod: Pod, resources: ResourceRequirements | undefined): ResourceRequirements {
  const limits: Record<string, string> = { ...resources?.limits };
  for (const name of ["cpu", "memory"]) {
    const own = pod.spec.resources?.limits?.[name];
    if (limits[name] === undefined && own !== undefined) limits[name] = own;
  }
  return { ...(resources?.requests ? { requests: resources.requests } : {}), limits };
}

const numbersOf = (resources: ResourceRequirements | undefined): Effective => ({
  memoryLimit: valueOf(resources?.limits?.memory),
  memoryRequest: valueOf(resources?.requests?.memory),
  cpuLimit: milliOf(resources?.limits?.cpu),
  cpuRequest: milliOf(resources?.requests?.cpu),
});

export interface ContainerResize {
  /** The container's policy is to be restarted when one of these changes. */
  readonly restart: boolean;
  readonly changes: readonly { readonly resource: Resizable; readonly decrease: boolean }[];
}

const noResize: ContainerResize = { restart: false, changes: [] };

/** What resizing a running container takes. What was last set on it is unknown after a restart: then nothing. */
export function containerResize({ pod, local }: PodView, container: Container): ContainerResize {
  const actuated = local.actuated.get(container.name);
  if (!actuated) return noResize;
  const desired = numbersOf(effectiveResources(pod, container.resources));
  const current = numbersOf(actuated);
  const policyOf = (resource: Resizable): boolean =>
    container.resizePolicy?.some(
      (policy) => policy.resourceName === resource && policy.restartPolicy === "RestartContainer",
    ) ?? false;
  const memory = desired.memoryLimit - current.memoryLimit || desired.memoryRequest - current.memoryRequest;
  const cpu = desired.cpuLimit - current.cpuLimit || desired.cpuRequest - current.cpuRequest;
  if ((memory !== 0 && policyOf("memory")) || (cpu !== 0 && policyOf("cpu"))) return { restart: true, changes: [] };
  const changes: { resource: Resizable; decrease: boolean }[] = [];
  if (memory !== 0) changes.push({ resource: "memory", decrease: memory < 0 });
  if (cpu !== 0) changes.push({ resource: "cpu", decrease: cpu < 0 });
  return { restart: false, changes };
}

/** Whether what runs differs from what the pod asks for. */
export function isResizing(view: PodView): boolean {
  const containers = [...(view.pod.spec.initContainers ?? []), ...view.pod.spec.containers];
  return containers.some((container) => {
    const running = view.runtime.containers.find((one) => one.name === container.name);
    if (running?.status.state !== "running") return false;
    const resize = containerResize(view, container);
    return resize.restart || resize.changes.length > 0;
  });
}
