// Questions about the containers of a pod's specification: which there are, which are sidecars, whether one may run
// again. Behaviour: k8s.io/kubernetes/pkg/api/v1/pod and pkg/kubelet/container/helpers.go. Imports src/kinds.
import type { Container, ContainerRestartRule, Pod, PodSpec } from "../../kinds/types/core-v1.gen.ts";

export type ContainerType = "init" | "regular" | "ephemeral";

export interface TypedContainer {
  readonly type: ContainerType;
  readonly index: number;
  readonly container: Container;
}

export { isSidecar } from "../../kinds/pod/containers.ts";
export { isTerminalPhase } from "../../kinds/pod/conditions.ts";
export { isMirrorPod } from "../../kinds/pod/ownership.ts";

/** The init, the regular, then the ephemeral containers. */
export function containersOf(spec: PodSpec): readonly TypedContainer[] {
  const of = (type: ContainerType, list: readonly Container[] | undefined): TypedContainer[] =>
    (list ?? []).map((container, index) => ({ type, index, container }));
  return [
    ...of("init", spec.initContainers),
    ...of("regular", spec.containers),
    ...of("ephemeral", spec.ephemeralContainers as readonly Container[] | undefined),
  ];
}

export function findContainer(spec: PodSpec, name: string): TypedContainer | undefined {
  return containersOf(spec).find((one) => one.container.name === name);
}

/** The first rule of `restartPolicyRules` that the exit code fulfils (KEP-5307). */
export function matchingRestartRule(container: Container, exitCode: number): ContainerRestartRule | undefined {
  return container.restartPolicyRules?.find((rule) => {
    if (!rule.exitCodes) return false;
    const listed = rule.exitCodes.values?.includes(exitCode) ?? false;
    if (rule.exitCodes.operator === "In") return listed;
    return rule.exitCodes.operator === "NotIn" && !listed;
  });
}

/** Whether a container that ended with `exitCode` is to be started again. */
export function restartsAfterExit(container: Container, spec: PodSpec, exitCode: number): boolean {
  if (container.restartPolicy !== undefined) {
    const rule = matchingRestartRule(container, exitCode);
    if (rule && (rule.action === "Restart" || rule.action === "RestartAllContainers")) return true;
    if (container.restartPolicy === "Always") return true;
    if (container.restartPolicy === "OnFailure") return exitCode !== 0;
    if (container.restartPolicy === "Never") return false;
  }
  if (spec.restartPolicy === "OnFailure") return exitCode !== 0;
  return spec.restartPolicy !== "Never";
}

/** Whether a container that is killed while running (a failed probe) is started again; rules need an exit code. */
export function restartsAfterKill(container: Container, spec: PodSpec): boolean {
  if (container.restartPolicy !== undefined) return container.restartPolicy !== "Never";
  return spec.restartPolicy !== "Never";
}

/** Whether some exit of some container restarts the whole pod in place (KEP-5532). */
export function mayRestartAllContainers(spec: PodSpec): boolean {
  return [...(spec.initContainers ?? []), ...spec.containers].some((container) =>
    container.restartPolicyRules?.some((rule) => rule.action === "RestartAllContainers"),
  );
}

/** "name_namespace(uid)", as upstream writes a pod in messages. */
export const formatPod = (pod: Pod): string => `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;

export const isStaticPod = (pod: Pod): boolean => {
  const source = pod.metadata.annotations?.["kubernetes.io/config.source"];
  return source !== undefined && source !== "api";
};
