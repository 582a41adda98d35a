// A pod's containers, and going through them in upstream's order. May import src/base.
import type { Container, EphemeralContainer, PodSpec } from "../types/core-v1.gen.ts";

/** A container of any sort: an ephemeral one has the same fields, though fewer may be set. */
export type AnyContainer = Container | EphemeralContainer;
export type ContainerKind = "initContainers" | "containers" | "ephemeralContainers";

/** Init containers, then containers, then ephemeral ones, each with its path in the object. */
export function* containersWithPath(spec: PodSpec, specPath: string): Iterable<[AnyContainer, string, ContainerKind]> {
  const at = (kind: ContainerKind, index: number): string =>
    specPath ? `${specPath}.${kind}[${index}]` : `${kind}[${index}]`;
  for (const [index, one] of (spec.initContainers ?? []).entries()) {
    yield [one, at("initContainers", index), "initContainers"];
  }
  for (const [index, one] of (spec.containers ?? []).entries()) yield [one, at("containers", index), "containers"];
  for (const [index, one] of (spec.ephemeralContainers ?? []).entries()) {
    yield [one, at("ephemeralContainers", index), "ephemeralContainers"];
  }
}

/** All of them, in the same order. */
export const allContainers = (spec: PodSpec): AnyContainer[] => [
  ...(spec.initContainers ?? []),
  ...(spec.containers ?? []),
  ...(spec.ephemeralContainers ?? []),
];

/** An init container that keeps running beside the others (KEP-753). */
export const isSidecar = (container: { readonly restartPolicy?: string } | undefined): boolean =>
  container?.restartPolicy === "Always";

/** The number of a port: itself, or the container port of that name; undefined when no container has it. */
export function findPodPort(spec: PodSpec, port: number | string, protocol = "TCP"): number | undefined {
  if (typeof port === "number") return port;
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? []).filter(isSidecar)]) {
    for (const one of container.ports ?? []) {
      if (one.name === port && (one.protocol ?? "TCP") === protocol) return one.containerPort;
    }
  }
  return undefined;
}
