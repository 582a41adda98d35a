// Gives Services their addresses and node ports, in the place where upstream's storage does it (pkg/registry/core/service/
// storage/alloc.go). What is taken follows from the Services that there are; what a write has just been given is held for a
// while, until the Service is seen. May import src/base and src/kinds.
import { addressAt, cidrContains, cidrSize, parseCidr, parseIp, printIp } from "../../base/cidr.ts";
import { errors } from "../../base/errors.ts";
import { type FieldError, invalid } from "../../base/field-error.ts";
import type { Random } from "../../base/random.ts";
import {
  type ClusterFamilies,
  initFamilies,
  isHeadless,
  keepAllocated,
  normalizeClusterIPs,
} from "../../kinds/core/service-families.ts";
import { needsHealthCheck, needsNodePort, service as serviceKind } from "../../kinds/core/service.ts";
import type { Draft } from "../../kinds/object.ts";
import type { Service, ServiceSpec } from "../../kinds/types/core-v1.gen.ts";
import type { ObjectReader } from "../object-reader.ts";
import type { AdmissionContext, AdmissionPlugin } from "../ports.ts";
import { isFor } from "./refuse.ts";

/** Upstream: --service-node-port-range. */
const nodePortFirst = 30_000;
const nodePortLast = 32_767;
/** How long a write may take from its admission to its Service being seen. Upstream's requests end after 60 s. */
const heldForMs = 60_000;
/** Places that are tried by chance before all are looked through. */
const chancesMax = 32;

const families: ClusterFamilies = { primary: "IPv4", configured: ["IPv4"] };

/** Which addresses and ports are taken, by whom. */
class Taken {
  readonly #owners = new Map<string, Set<string>>();
  readonly #held = new Map<string, number>();

  change(key: string, now: readonly string[], before: readonly string[]): void {
    for (const place of before) {
      const owners = this.#owners.get(place);
      owners?.delete(key);
      if (owners?.size === 0) this.#owners.delete(place);
    }
    for (const place of now) {
      this.#owners.set(place, (this.#owners.get(place) ?? new Set()).add(key));
      this.#held.delete(place);
    }
  }

  isFree(place: string, nowMs: number): boolean {
    return !this.#owners.has(place) && (this.#held.get(place) ?? 0) <= nowMs;
  }

  hold(place: string, nowMs: number): void {
    this.#held.set(place, nowMs + heldForMs);
  }
}

const ipPlaces = ({ spec }: Service): string[] =>
  [...(spec.clusterIPs ?? [])].filter((address) => address !== "None" && address !== "");
const portPlaces = ({ spec }: Service): string[] => [
  ...(spec.ports ?? []).flatMap(({ nodePort, protocol }) => (nodePort ? [`${nodePort}/${protocol ?? "TCP"}`] : [])),
  ...(spec.healthCheckNodePort ? [`${spec.healthCheckNodePort}/TCP`] : []),
];

export interface ServiceAddressesOptions {
  readonly reader: ObjectReader;
  readonly random: Random;
  /** Where cluster addresses come from: "10.96.0.0/16". */
  readonly serviceCidr: string;
}

class Allocator {
  readonly #options: ServiceAddressesOptions;
  readonly #range;
  readonly #taken = new Taken();

  constructor(options: ServiceAddressesOptions) {
    this.#options = options;
    this.#range = parseCidr(options.serviceCidr)!;
    options.reader.onChange(serviceKind, (object, old) => {
      const { namespace, name } = (object ?? old)!.metadata;
      const places = (one: Service | undefined): string[] => (one ? [...ipPlaces(one), ...portPlaces(one)] : []);
      this.#taken.change(`${namespace}/${name}`, places(object), places(old));
    });
  }

  /** Fills in what the Service needs and lacks. The errors of what it asks for and can't have. */
  allocate(spec: Draft<ServiceSpec>, old: ServiceSpec | undefined, context: AdmissionContext): FieldError[] {
    const problems = spec.type === "ExternalName" ? [] : this.#address(spec, old, context);
    if (needsNodePort(spec as ServiceSpec) && spec.allocateLoadBalancerNodePorts !== false) {
      problems.push(...this.#nodePorts(spec, old, context));
    }
    if (needsHealthCheck(spec as ServiceSpec) && !spec.healthCheckNodePort) {
      spec.healthCheckNodePort = this.#freePort("TCP", context);
    }
    return problems;
  }

  #address(spec: Draft<ServiceSpec>, old: ServiceSpec | undefined, context: AdmissionContext): FieldError[] {
    if (isHeadless(spec as ServiceSpec)) {
      spec.clusterIP = "None";
      return [];
    }
    const asked = spec.clusterIPs?.[0] ?? spec.clusterIP;
    if (!asked) {
      const address = this.#freeAddress(context);
      spec.clusterIP = address;
      spec.clusterIPs = [address];
      return [];
    }
    if (asked === old?.clusterIP) return [];
    const bytes = parseIp(asked);
    const why = (text: string): FieldError[] => [
      invalid("spec.clusterIPs", [asked], `failed to allocate IP ${asked}: ${text}`),
    ];
    if (!bytes || !cidrContains(this.#range, bytes)) {
      const { serviceCidr } = this.#options;
      return why(`the provided IP (${asked}) is not in the valid range. The range of valid IPs is ${serviceCidr}`);
    }
    if (!this.#taken.isFree(asked, context.nowMs)) return why("provided IP is already allocated");
    if (!context.dryRun) this.#taken.hold(asked, context.nowMs);
    spec.clusterIP = asked;
    spec.clusterIPs = [asked];
    return [];
  }

  /** Upstream leaves the lower part of the range to addresses that are asked for by name. */
  #freeAddress(context: AdmissionContext): string {
    const size = Number(cidrSize(this.#range));
    const reserved = Math.min(Math.max(16, size / 16), 256);
    const at = (offset: number): string => printIp(addressAt(this.#range, offset)!);
    return this.#find(reserved, size - 2, at, context, "range is full");
  }

  #nodePorts(spec: Draft<ServiceSpec>, old: ServiceSpec | undefined, context: AdmissionContext): FieldError[] {
    const problems: FieldError[] = [];
    const before = new Set((old?.ports ?? []).map(({ nodePort, protocol }) => `${nodePort}/${protocol}`));
    const given = new Map<number, number>();
    for (const [index, port] of (spec.ports ?? []).entries()) {
      const protocol = port.protocol ?? "TCP";
      if (!port.nodePort) {
        // One port of the node serves the same port of several protocols.
        const shared = given.get(port.port ?? 0);
        port.nodePort =
          shared !== undefined && this.#taken.isFree(`${shared}/${protocol}`, context.nowMs)
            ? shared
            : this.#freePort(protocol, context);
      } else if (!before.has(`${port.nodePort}/${protocol}`)) {
        const field = `spec.ports[${index}].nodePort`;
        if (port.nodePort < nodePortFirst || port.nodePort > nodePortLast) {
          const range = `${nodePortFirst}-${nodePortLast}`;
          const detail = `provided port is not in the valid range. The range of valid ports is ${range}`;
          problems.push(invalid(field, port.nodePort, detail));
        } else if (!this.#taken.isFree(`${port.nodePort}/${protocol}`, context.nowMs)) {
          problems.push(invalid(field, port.nodePort, "provided port is already allocated"));
        } else if (!context.dryRun) this.#taken.hold(`${port.nodePort}/${protocol}`, context.nowMs);
      }
      given.set(port.port ?? 0, port.nodePort);
    }
    return problems;
  }

  #freePort(protocol: string, context: AdmissionContext): number {
    const at = (offset: number): string => `${nodePortFirst + offset}/${protocol}`;
    const found = this.#find(0, nodePortLast - nodePortFirst, at, context, "range is full");
    return Number(found.slice(0, found.indexOf("/")));
  }

  #find(first: number, last: number, at: (offset: number) => string, context: AdmissionContext, full: string): string {
    const { nowMs, dryRun } = context;
    const take = (place: string): string => {
      if (!dryRun) this.#taken.hold(place, nowMs);
      return place;
    };
    for (let chance = 0; chance < chancesMax; chance += 1) {
      const place = at(first + Math.floor(this.#options.random.next() * (last - first + 1)));
      if (this.#taken.isFree(place, nowMs)) return take(place);
    }
    for (let offset = first; offset <= last; offset += 1) {
      const place = at(offset);
      if (this.#taken.isFree(place, nowMs)) return take(place);
    }
    throw errors.internal(`failed to allocate a serviceIP or port: ${full}`);
  }
}

export function serviceAddresses(options: ServiceAddressesOptions): AdmissionPlugin {
  const allocator = new Allocator(options);
  return {
    name: "ServiceAddresses",
    operations: ["CREATE", "UPDATE"],
    mutate(context) {
      if (!isFor(context, "services")) return;
      const draft = context.object as Draft<Service>;
      const old = context.oldObject as Service | undefined;
      if (old) keepAllocated(draft, old);
      normalizeClusterIPs(draft, old);
      const problems = initFamilies(draft, old, families);
      if (problems.length === 0) problems.push(...allocator.allocate(draft.spec!, old?.spec, context));
      if (problems.length > 0) throw errors.invalid("", "Service", draft.metadata?.name ?? "", problems);
    },
  };
}
