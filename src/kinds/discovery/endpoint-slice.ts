// EndpointSlices. May import src/base.
import {
  duplicate,
  internal,
  invalid,
  notSupported,
  required,
  tooMany,
  type FieldError,
} from "../../base/field-error.ts";
import { portProtocols, validateEndpointIP } from "../core/endpoints.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { columns, defineKind } from "../meta/define-kind.ts";
import { semanticEqual } from "../meta/equality.ts";
import { isIPv6, parseIP, validateIP, validateLegacyIP, warnOfIP } from "../meta/ip.ts";
import { isDNS1123Label, isLabelValue, isQualifiedName, nameIsDNSSubdomain } from "../meta/names.ts";
import { validateImmutable, validateLabels } from "../meta/object-meta.ts";
import { isFullyQualifiedDomainName } from "../meta/value-names.ts";
import type { Endpoint, EndpointHints, EndpointPort, EndpointSlice } from "../types/discovery-v1.gen.ts";

/** Upstream's limits of a slice: what a watch event of one may cost. */
const endpointsMax = 1000;
const addressesMax = 100;
const portsMax = 20_000;
const topologyMax = 16;
const hintsMax = 8;

const messagesAt = (messages: readonly string[], field: string, value: string): FieldError[] =>
  messages.map((message) => invalid(field, value, message));

function validateAddress(address: string, type: string, list: string, index: number): FieldError[] {
  const field = `${list}[${index}]`;
  if (type === "FQDN") return isFullyQualifiedDomainName(field, address);
  if (type !== "IPv4" && type !== "IPv6") return [];
  const wrong = type === "IPv4" ? validateLegacyIP(field, address) : validateIP(field, address);
  if (wrong.length > 0) return wrong;
  const bytes = parseIP(address)!;
  const fits = type === "IPv6" ? isIPv6(bytes) : !isIPv6(bytes);
  const errors = fits ? [] : [invalid(list, address, `must be an ${type} address`)];
  return [...errors, ...validateEndpointIP(address, field)];
}

function validateNames(
  names: readonly string[],
  field: string,
  check: (name: string) => readonly string[],
): FieldError[] {
  if (names.length > hintsMax) return [tooMany(field, names.length, hintsMax)];
  return names.flatMap((name, index) => {
    const at = `${field}[${index}].name`;
    const errors = names.indexOf(name) < index ? [duplicate(at, name)] : [];
    return [...errors, ...messagesAt(check(name), at, name)];
  });
}

function validateHints({ forZones = [], forNodes = [] }: EndpointHints, field: string): FieldError[] {
  const zones = forZones.map(({ name }) => name ?? "");
  const errors = validateNames(zones, `${field}.forZones`, isLabelValue);
  if (zones.length > hintsMax) return errors;
  const nodes = forNodes.map(({ name }) => name ?? "");
  return [...errors, ...validateNames(nodes, `${field}.forNodes`, (name) => nameIsDNSSubdomain(name, false))];
}

function validateEndpoint(endpoint: Endpoint, type: string, field: string): FieldError[] {
  const { addresses = [], nodeName, deprecatedTopology = {}, hostname, hints } = endpoint;
  const list = `${field}.addresses`;
  const errors: FieldError[] = [];
  if (addresses.length === 0) errors.push(required(list, "must contain at least 1 address"));
  else if (addresses.length > addressesMax) errors.push(tooMany(list, addresses.length, addressesMax));
  errors.push(...addresses.flatMap((address, index) => validateAddress(address, type, list, index)));
  if (nodeName !== undefined) {
    errors.push(...messagesAt(nameIsDNSSubdomain(nodeName, false), `${field}.nodeName`, nodeName));
  }
  const topology = `${field}.deprecatedTopology`;
  const count = Object.keys(deprecatedTopology).length;
  if (count > topologyMax) errors.push(tooMany(topology, count, topologyMax));
  errors.push(...validateLabels(deprecatedTopology, topology));
  const zone = "topology.kubernetes.io/zone";
  if (Object.hasOwn(deprecatedTopology, zone)) {
    errors.push(internal(`${topology}[${zone}]`, "reserved key was not removed in conversion"));
  }
  if (hostname !== undefined) errors.push(...messagesAt(isDNS1123Label(hostname), `${field}.hostname`, hostname));
  return hints ? [...errors, ...validateHints(hints, `${field}.hints`)] : errors;
}

function validatePorts(ports: readonly EndpointPort[]): FieldError[] {
  if (ports.length > portsMax) return [tooMany("ports", ports.length, portsMax)];
  const seen = new Set<string>();
  return ports.flatMap(({ name = "", protocol, appProtocol }, index) => {
    const field = `ports[${index}]`;
    const errors = name === "" ? [] : messagesAt(isDNS1123Label(name), `${field}.name`, name);
    if (seen.has(name)) errors.push(duplicate(`${field}.name`, name));
    seen.add(name);
    if (protocol === undefined) errors.push(required(`${field}.protocol`));
    else if (!portProtocols.includes(protocol)) {
      errors.push(notSupported(`${field}.protocol`, protocol, portProtocols));
    }
    if (appProtocol === undefined) return errors;
    return [...errors, ...messagesAt(isQualifiedName(appProtocol), `${field}.appProtocol`, appProtocol)];
  });
}

function validateEndpoints({ endpoints, addressType = "" as never }: EndpointSlice): FieldError[] {
  const list = endpoints ?? [];
  if (list.length > endpointsMax) return [tooMany("endpoints", list.length, endpointsMax)];
  return list.flatMap((one, index) => validateEndpoint(one, addressType, `endpoints[${index}]`));
}

function validateSlice(slice: EndpointSlice, old?: EndpointSlice): FieldError[] {
  const type: string = slice.addressType ?? "";
  const types = ["FQDN", "IPv4", "IPv6"];
  const errors: FieldError[] = [];
  if (type === "") errors.push(required("addressType"));
  else if (!types.includes(type)) errors.push(notSupported("addressType", type, types));
  errors.push(...validatePorts(slice.ports ?? []));
  const kept = old !== undefined && semanticEqual(slice.endpoints, old.endpoints);
  return [...errors, ...(kept ? [] : validateEndpoints(slice))];
}

const controllers = ["endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io"];

function warnOfAddresses({ endpoints, metadata }: EndpointSlice): string[] {
  if (controllers.includes(metadata.labels?.["endpointslice.kubernetes.io/managed-by"] ?? "")) return [];
  return (endpoints ?? []).flatMap(({ addresses = [] }, index) =>
    addresses.flatMap((address, at) => warnOfIP(`endpoints[${index}].addresses[${at}]`, address)),
  );
}

const strategy: Strategy<EndpointSlice> = {
  allowUnconditionalUpdate: true,
  metadataChecks: { updateAsCreate: 1, update: 0 },
  validateOnUpdate: false,
  generationOf: ({ addressType, endpoints, ports, metadata }) => [addressType, endpoints, ports, metadata.labels ?? {}],
  default(draft) {
    for (const port of draft.ports ?? []) {
      port.name ??= "";
      port.protocol ??= "TCP";
    }
  },
  prepareForCreate: dropTopology,
  prepareForUpdate(draft, old) {
    if (!semanticEqual(draft.endpoints, old.endpoints)) dropTopology(draft);
  },
  // Upstream's storage doesn't tell an empty list from none.
  canonicalize(draft) {
    if (draft.endpoints?.length === 0) delete draft.endpoints;
    if (draft.ports?.length === 0) delete draft.ports;
  },
  validate: (slice) => validateSlice(slice),
  validateUpdate: (slice, old) => [
    ...validateSlice(slice, old),
    ...validateImmutable(slice.addressType ?? "", old.addressType ?? "", "addressType"),
  ],
  warnings(slice, old) {
    const text = "spec.addressType: FQDN endpoints are deprecated";
    return [...(!old && slice.addressType === "FQDN" ? [text] : []), ...warnOfAddresses(slice)];
  },
};

// The field is what v1beta1 had of topology; v1 takes none of it.
function dropTopology(draft: { endpoints?: { deprecatedTopology?: unknown }[] }): void {
  for (const endpoint of draft.endpoints ?? []) delete endpoint.deprecatedTopology;
}

const shownMax = 3;

function printSome(list: readonly string[]): string {
  if (list.length === 0) return "<unset>";
  const shown = list.slice(0, shownMax).join(",");
  return list.length > shownMax ? `${shown} + ${list.length - shownMax} more...` : shown;
}

export const endpointSlice = defineKind<EndpointSlice>({
  group: "discovery.k8s.io",
  version: "v1",
  kind: "EndpointSlice",
  plural: "endpointslices",
  namespaced: true,
  definition: "discovery.v1.EndpointSlice",
  storageKey: "endpointslices",
  columns: columns("Name:name", "AddressType", "Ports", "Endpoints", "Age"),
  cells: ({ metadata, addressType, ports, endpoints }, nowMs) => [
    metadata.name,
    addressType ?? "",
    printSome((ports ?? []).map(({ port, name }) => (port === undefined ? (name ?? "*") : String(port)))),
    printSome((endpoints ?? []).flatMap(({ addresses }) => addresses ?? [])),
    humanAge(metadata.creationTimestamp, nowMs),
  ],
  strategy,
});
