// NetworkPolicies. May import src/base.
import { forbidden, invalid, notSupported, required, type FieldError } from "../../base/field-error.ts";
import { formatSelector } from "../../base/labels.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { columns, defineKind } from "../meta/define-kind.ts";
import { parseCIDR, validateLegacyCIDR, warnOfCIDR } from "../meta/ip.ts";
import { validateLabelSelector } from "../meta/label-selector.ts";
import { isPortName, isPortNumber } from "../meta/value-names.ts";
import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from "../types/networking-v1.gen.ts";

interface PolicyOptions {
  readonly allowInvalidValues: boolean;
  /** CIDRs that the stored policy has. */
  readonly known: readonly string[];
}

const protocols = ["TCP", "UDP", "SCTP"];

function validatePort({ protocol, port, endPort }: NetworkPolicyPort, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (protocol !== undefined && !protocols.includes(protocol)) {
    errors.push(notSupported(`${field}.protocol`, protocol, protocols));
  }
  const at = `${field}.endPort`;
  if (port === undefined) {
    const detail = "may not be specified when `port` is not specified";
    return endPort === undefined ? errors : [...errors, invalid(at, endPort, detail)];
  }
  if (typeof port === "string") {
    if (endPort !== undefined) errors.push(invalid(at, endPort, "may not be specified when `port` is non-numeric"));
    return [...errors, ...isPortName(port).map((message) => invalid(`${field}.port`, port, message))];
  }
  errors.push(...isPortNumber(port).map((message) => invalid(`${field}.port`, port, message)));
  if (endPort === undefined) return errors;
  if (endPort < port) errors.push(invalid(at, port, "must be greater than or equal to `port`"));
  return [...errors, ...isPortNumber(endPort).map((message) => invalid(at, endPort, message))];
}

function validateBlock({ cidr = "", except = [] }: IPBlock, field: string, { known }: PolicyOptions): FieldError[] {
  if (cidr === "") return [required(`${field}.cidr`)];
  const check = (value: string, at: string): FieldError[] =>
    known.includes(value) ? [] : validateLegacyCIDR(at, value);
  const errors = check(cidr, `${field}.cidr`);
  const outer = parseCIDR(cidr);
  if (!outer) return errors;
  for (const [index, value] of except.entries()) {
    const at = `${field}.except[${index}]`;
    errors.push(...check(value, at));
    const inner = parseCIDR(value);
    if (!inner) continue;
    const within =
      inner.network.length === outer.network.length &&
      parseCIDR(`${value.slice(0, value.lastIndexOf("/"))}/${outer.prefixLength}`)?.network.every(
        (byte, position) => byte === outer.network[position],
      );
    if (!within || outer.prefixLength >= inner.prefixLength) {
      errors.push(invalid(at, value, "must be a strict subset of `cidr`"));
    }
  }
  return errors;
}

function validatePeer(peer: NetworkPolicyPeer, field: string, options: PolicyOptions): FieldError[] {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  const errors = [
    ...validateLabelSelector(podSelector, `${field}.podSelector`, options),
    ...validateLabelSelector(namespaceSelector, `${field}.namespaceSelector`, options),
    ...(ipBlock ? validateBlock(ipBlock, `${field}.ipBlock`, options) : []),
  ];
  if (!podSelector && !namespaceSelector && !ipBlock) errors.push(required(field, "must specify a peer"));
  else if (ipBlock && (podSelector || namespaceSelector)) {
    errors.push(forbidden(field, "may not specify both ipBlock and another peer"));
  }
  return errors;
}

const rulesOf = (spec: NetworkPolicySpec): readonly (readonly [string, string, readonly NetworkPolicyPeer[]])[] => [
  ...(spec.ingress ?? []).map((rule, index) => [`spec.ingress[${index}]`, "from", rule.from ?? []] as const),
  ...(spec.egress ?? []).map((rule, index) => [`spec.egress[${index}]`, "to", rule.to ?? []] as const),
];

function validateSpec(spec: NetworkPolicySpec, options: PolicyOptions): FieldError[] {
  const errors = validateLabelSelector(spec.podSelector, "spec.podSelector", options);
  const ports = [...(spec.ingress ?? []), ...(spec.egress ?? [])].map((rule) => rule.ports ?? []);
  for (const [index, [field, list, peers]] of rulesOf(spec).entries()) {
    errors.push(...ports[index]!.flatMap((port, at) => validatePort(port, `${field}.ports[${at}]`)));
    errors.push(...peers.flatMap((peer, at) => validatePeer(peer, `${field}.${list}[${at}]`, options)));
  }
  const types: readonly string[] = spec.policyTypes ?? [];
  const known = ["Ingress", "Egress"];
  if (types.length > 2) {
    return [...errors, invalid("spec.policyTypes", types, "may not specify more than two policyTypes")];
  }
  for (const [index, type] of types.entries()) {
    if (!known.includes(type)) errors.push(notSupported(`spec.policyTypes[${index}]`, type, known));
  }
  return errors;
}

const emptySpec = {} as NetworkPolicySpec;
const strict: PolicyOptions = { allowInvalidValues: false, known: [] };

const strategy: Strategy<NetworkPolicy> = {
  allowUnconditionalUpdate: true,
  validateOnUpdate: false,
  generationOf: ({ spec }) => spec,
  default(draft) {
    const spec = (draft.spec ??= {});
    spec.podSelector ??= {};
    for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
      for (const port of rule.ports ?? []) port.protocol ??= "TCP";
    }
    if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ["Ingress", "Egress"] : ["Ingress"];
  },
  validate: ({ spec = emptySpec }) => validateSpec(spec, strict),
  validateUpdate({ spec = emptySpec }, { spec: old = emptySpec }) {
    const blocks = rulesOf(old).flatMap(([, , peers]) => peers.flatMap(({ ipBlock }) => ipBlock ?? []));
    const known = blocks.flatMap(({ cidr, except = [] }) => [cidr, ...except]);
    const allowInvalidValues = validateLabelSelector(old.podSelector, "").length > 0;
    return validateSpec(spec, { allowInvalidValues, known });
  },
  warnings: ({ spec = emptySpec }) =>
    rulesOf(spec).flatMap(([field, list, peers]) =>
      peers.flatMap(({ ipBlock }, index) => {
        if (!ipBlock) return [];
        const at = `${field}.${list}[${index}].ipBlock`;
        const except = ipBlock.except ?? [];
        return [
          ...warnOfCIDR(`${at}.cidr`, ipBlock.cidr),
          ...except.flatMap((value, position) => warnOfCIDR(`${at}.except[${position}]`, value)),
        ];
      }),
    ),
};

export const networkPolicy = defineKind<NetworkPolicy>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "NetworkPolicy",
  plural: "networkpolicies",
  shortNames: ["netpol"],
  namespaced: true,
  definition: "networking.v1.NetworkPolicy",
  storageKey: "networkpolicies",
  columns: columns("Name:name", "Pod-Selector", "Age"),
  cells: ({ metadata, spec }, nowMs) => [
    metadata.name,
    formatSelector(spec?.podSelector ?? {}),
    humanAge(metadata.creationTimestamp, nowMs),
  ],
  strategy,
});
