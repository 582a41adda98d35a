// Endpoints, which EndpointSlices have replaced; deprecated since 1.33. May import src/base.
import { invalid, notSupported, required, type FieldError } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { columns, defineKind } from "../meta/define-kind.ts";
import { semanticEqual } from "../meta/equality.ts";
import { parseIP, validateLegacyIP, warnOfIP, type AddressBytes } from "../meta/ip.ts";
import { isDNS1123Label, isQualifiedName, nameIsDNSSubdomain } from "../meta/names.ts";
import { isPortNumber } from "../meta/value-names.ts";
import type { EndpointAddress, EndpointPort, Endpoints, EndpointSubset } from "../types/core-v1.gen.ts";

/** The four bytes of an IPv4 address, however it is written. */
function ipv4Of(bytes: AddressBytes): AddressBytes | undefined {
  if (bytes.length === 4) return bytes;
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  return mapped ? bytes.slice(12) : undefined;
}

/** An address that a service may send traffic to: not this machine's own, nor one of its link. */
export function validateEndpointIP(address: string, field: string): FieldError[] {
  const bytes = parseIP(address);
  if (!bytes) return [invalid(field, address, "must be a valid IP address")];
  const [v4, errors] = [ipv4Of(bytes), [] as FieldError[]];
  const check = (wrong: boolean, detail: string): void => {
    if (wrong) errors.push(invalid(field, address, detail));
  };
  const first = bytes[0]!;
  const zeros = (list: AddressBytes): boolean => list.every((byte) => byte === 0);
  check(zeros(v4 ?? bytes), `may not be unspecified (${address})`);
  const loopback = v4 ? v4[0] === 127 : zeros(bytes.slice(0, 15)) && bytes[15] === 1;
  check(loopback, "may not be in the loopback range (127.0.0.0/8, ::1/128)");
  const linkLocal = v4 ? v4[0] === 169 && v4[1] === 254 : first === 0xfe && (bytes[1]! & 0xc0) === 0x80;
  check(linkLocal, "may not be in the link-local range (169.254.0.0/16, fe80::/10)");
  const multicast = v4 ? v4[0] === 224 && v4[1] === 0 && v4[2] === 0 : first === 0xff && (bytes[1]! & 0x0f) === 2;
  check(multicast, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
  return errors;
}

const label = (value: string, field: string): FieldError[] =>
  isDNS1123Label(value).map((message) => invalid(field, value, message));

function validateAddress({ ip = "", hostname = "", nodeName }: EndpointAddress, field: string): FieldError[] {
  return [
    ...validateLegacyIP(`${field}.ip`, ip),
    ...(hostname === "" ? [] : label(hostname, `${field}.hostname`)),
    ...(nodeName === undefined
      ? []
      : nameIsDNSSubdomain(nodeName, false).map((message) => invalid(`${field}.nodeName`, nodeName, message))),
    ...validateEndpointIP(ip, `${field}.ip`),
  ];
}

export const portProtocols = ["SCTP", "TCP", "UDP"];

function validatePort(one: EndpointPort, nameNeeded: boolean, field: string): FieldError[] {
  const { name = "", port = 0, appProtocol } = one;
  const protocol: string = one.protocol ?? "";
  const errors: FieldError[] = [];
  if (nameNeeded && name === "") errors.push(required(`${field}.name`));
  else if (name !== "") errors.push(...label(name, `${field}.name`));
  errors.push(...isPortNumber(port).map((message) => invalid(`${field}.port`, port, message)));
  if (protocol === "") errors.push(required(`${field}.protocol`));
  else if (!portProtocols.includes(protocol)) errors.push(notSupported(`${field}.protocol`, protocol, portProtocols));
  if (appProtocol === undefined) return errors;
  const at = `${field}.appProtocol`;
  return [...errors, ...isQualifiedName(appProtocol).map((message) => invalid(at, appProtocol, message))];
}

function validateSubset({ addresses = [], notReadyAddresses = [], ports = [] }: EndpointSubset, field: string) {
  const errors: FieldError[] = [];
  if (addresses.length === 0 && notReadyAddresses.length === 0) {
    errors.push(required(field, "must specify `addresses` or `notReadyAddresses`"));
  }
  return [
    ...errors,
    ...addresses.flatMap((one, index) => validateAddress(one, `${field}.addresses[${index}]`)),
    ...notReadyAddresses.flatMap((one, index) => validateAddress(one, `${field}.notReadyAddresses[${index}]`)),
    ...ports.flatMap((one, index) => validatePort(one, ports.length > 1, `${field}.ports[${index}]`)),
  ];
}

const validateSubsets = ({ subsets }: Endpoints): FieldError[] =>
  (subsets ?? []).flatMap((subset, index) => validateSubset(subset, `subsets[${index}]`));

const strategy: Strategy<Endpoints> = {
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: true,
  metadataChecks: { updateAsCreate: 1 },
  validateOnUpdate: false,
  default(draft) {
    for (const subset of draft.subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= "TCP";
  },
  validate: validateSubsets,
  // What was stored may stay, whatever today's rules say.
  validateUpdate: (object, old) => (semanticEqual(object.subsets, old.subsets) ? [] : validateSubsets(object)),
  warnings({ metadata, subsets = [] }) {
    if (metadata.labels?.["endpoints.kubernetes.io/managed-by"] === "endpoint-controller") return [];
    return subsets.flatMap((subset, index) =>
      (["addresses", "notReadyAddresses"] as const).flatMap((list) =>
        (subset[list] ?? []).flatMap(({ ip }, at) => warnOfIP(`subsets[${index}].${list}[${at}].ip`, ip ?? "")),
      ),
    );
  },
};

const shownMax = 3;

function printEndpoints({ subsets = [] }: Endpoints): string {
  if (subsets.length === 0) return "<none>";
  const all = subsets.flatMap(({ addresses = [], ports = [] }) => {
    if (ports.length === 0) return addresses.map(({ ip }) => ip);
    const host = (ip: string): string => (ip.includes(":") ? `[${ip}]` : ip);
    return ports.flatMap(({ port }) => addresses.map(({ ip }) => `${host(ip)}:${port}`));
  });
  const shown = all.slice(0, shownMax).join(",");
  return all.length > shownMax ? `${shown} + ${all.length - shownMax} more...` : shown;
}

export const endpoints = defineKind<Endpoints>({
  group: "",
  version: "v1",
  kind: "Endpoints",
  listKind: "EndpointsList",
  plural: "endpoints",
  shortNames: ["ep"],
  namespaced: true,
  definition: "core.v1.Endpoints",
  storageKey: "services/endpoints",
  deprecation: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
  columns: columns("Name:name", "Endpoints", "Age"),
  cells: (object, nowMs) => [
    object.metadata.name,
    printEndpoints(object),
    humanAge(object.metadata.creationTimestamp, nowMs),
  ],
  strategy,
});
