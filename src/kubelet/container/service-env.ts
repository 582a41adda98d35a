// The environment variables that tell containers of services (pkg/kubelet/envvars). Imports src/kinds.
import type { Pod, Service } from "../../kinds/types/core-v1.gen.ts";

export interface ServiceVariable {
  readonly name: string;
  readonly value: string;
}

const toName = (text: string): string => text.replaceAll("-", "_").toUpperCase();
const joinPort = (address: string, port: number): string =>
  address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;

/** Services with an address: the API's own always, those of the pod's namespace unless it declines them. */
export function servicesOfPod(pod: Pod, services: Iterable<Service>): readonly Service[] {
  const found = new Map<string, Service>();
  for (const service of services) {
    const { name = "", namespace } = service.metadata;
    const { clusterIP } = service.spec ?? {};
    if (!clusterIP || clusterIP === "None") continue;
    const isApi = namespace === "default" && name === "kubernetes";
    if (isApi && found.has(name)) continue;
    const linked = namespace === pod.metadata.namespace && pod.spec.enableServiceLinks !== false;
    if (isApi || linked) found.set(name, service);
  }
  return [...found.values()];
}

function linkVariables(
  prefix: string,
  address: string,
  ports: NonNullable<Service["spec"]>["ports"],
): ServiceVariable[] {
  return (ports ?? []).flatMap(({ port, protocol = "TCP" }, index) => {
    const scheme = protocol.toLowerCase();
    const url = `${scheme}://${joinPort(address, port)}`;
    const portPrefix = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
    return [
      // The first port is the service's port to those that know of one only.
      ...(index === 0 ? [{ name: `${prefix}_PORT`, value: url }] : []),
      { name: portPrefix, value: url },
      { name: `${portPrefix}_PROTO`, value: scheme },
      { name: `${portPrefix}_PORT`, value: String(port) },
      { name: `${portPrefix}_ADDR`, value: address },
    ];
  });
}

/** NAME_SERVICE_HOST, NAME_SERVICE_PORT, one for each named port, and the variables of Docker's links. */
export function serviceVariables(services: readonly Service[]): readonly ServiceVariable[] {
  return services.flatMap(({ metadata, spec }) => {
    const prefix = toName(metadata.name ?? "");
    const address = spec?.clusterIP ?? "";
    const ports = spec?.ports ?? [];
    return [
      { name: `${prefix}_SERVICE_HOST`, value: address },
      { name: `${prefix}_SERVICE_PORT`, value: String(ports[0]?.port ?? 0) },
      ...ports
        .filter(({ name }) => name)
        .map(({ name, port }) => ({ name: `${prefix}_SERVICE_PORT_${toName(name!)}`, value: String(port) })),
      ...linkVariables(prefix, address, ports),
    ];
  });
}
