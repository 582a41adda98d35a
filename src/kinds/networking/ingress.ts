// Ingresses. May import src/base.
import { invalid, notSupported, required, type FieldError } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { carry, columns, defineKind, objectSubresource, statusStrategy } from "../meta/define-kind.ts";
import { parseIP, validateLegacyIP, warnOfIP } from "../meta/ip.ts";
import {
  isDNS1123Label,
  isDNS1123Subdomain,
  isPathSegmentName,
  isWildcardDNS1123Subdomain,
  nameIsDNSSubdomain,
} from "../meta/names.ts";
import { isPortName, isPortNumber } from "../meta/value-names.ts";
import type { TypedLocalObjectReference } from "../types/core-v1.gen.ts";
import type { HTTPIngressPath, Ingress, IngressBackend, IngressRule, IngressSpec } from "../types/networking-v1.gen.ts";

const classAnnotation = "kubernetes.io/ingress.class";
const emptySpec = {} as IngressSpec;

interface IngressOptions {
  readonly invalidSecretNames: boolean;
  readonly invalidWildcardRules: boolean;
}
const strict: IngressOptions = { invalidSecretNames: false, invalidWildcardRules: false };

const messagesAt = (messages: readonly string[], field: string, value: string): FieldError[] =>
  messages.map((message) => invalid(field, value, message));

/** Kind and name of an object that something in this group refers to; both become parts of paths. */
export function validateKindAndName(
  { apiGroup, kind = "", name = "" }: TypedLocalObjectReference,
  field: string,
): FieldError[] {
  const segment = (value: string, at: string): FieldError[] =>
    value === "" ? [required(at)] : messagesAt(isPathSegmentName(value), at, value);
  return [
    ...(apiGroup === undefined ? [] : messagesAt(isDNS1123Subdomain(apiGroup), `${field}.apiGroup`, apiGroup)),
    ...segment(kind, `${field}.kind`),
    ...segment(name, `${field}.name`),
  ];
}

function validateBackend(backend: IngressBackend | undefined, field: string): FieldError[] {
  const { resource, service } = backend ?? {};
  if (resource && service) return [invalid(field, "", "cannot set both resource and service backends")];
  if (resource) return validateKindAndName(resource, `${field}.resource`);
  if (!service) return [invalid(field, "", "resource or service backend is required")];
  const { name = "" } = service;
  const { name: portName = "", number = 0 } = service.port ?? {};
  const at = `${field}.service`;
  const errors = name === "" ? [required(`${at}.name`)] : messagesAt(isDNS1123Label(name), `${at}.name`, name);
  if (portName !== "" && number !== 0) errors.push(invalid(field, "", "cannot set both port name & port number"));
  else if (portName !== "") errors.push(...messagesAt(isPortName(portName), `${at}.port.name`, portName));
  else if (number !== 0) {
    errors.push(...isPortNumber(number).map((message) => invalid(`${at}.port.number`, number, message)));
  } else errors.push(required(field, "port name or number is required"));
  return errors;
}

const badSequences = ["//", "/./", "/../", "%2f", "%2F"];
const badEnds = ["/..", "/."];

function validatePath({ path = "", pathType, backend }: HTTPIngressPath, field: string): FieldError[] {
  if (pathType === undefined) return [required(`${field}.pathType`, "pathType must be specified")];
  const at = `${field}.path`;
  const errors: FieldError[] = [];
  const absolute = path.startsWith("/");
  const notAbsolute = invalid(at, path, "must be an absolute path");
  if (pathType === "Exact" || pathType === "Prefix") {
    if (!absolute) errors.push(notAbsolute);
    for (const part of badSequences)
      if (path.includes(part)) errors.push(invalid(at, path, `must not contain '${part}'`));
    for (const end of badEnds) if (path.endsWith(end)) errors.push(invalid(at, path, `cannot end with '${end}'`));
  } else if (pathType === "ImplementationSpecific") {
    if (path !== "" && !absolute) errors.push(notAbsolute);
  } else {
    errors.push(notSupported(`${field}.pathType`, pathType, ["Exact", "ImplementationSpecific", "Prefix"]));
  }
  return [...errors, ...validateBackend(backend, `${field}.backend`)];
}

function validateHost(host: string, field: string): FieldError[] {
  const rule = host.includes("*") ? isWildcardDNS1123Subdomain : isDNS1123Subdomain;
  return messagesAt(rule(host), field, host);
}

function validateRuleValue({ http }: IngressRule, field: string): FieldError[] {
  if (!http) return [];
  const paths = http.paths ?? [];
  const errors = paths.length === 0 ? [required(`${field}.http.paths`)] : [];
  return [...errors, ...paths.flatMap((path, index) => validatePath(path, `${field}.http.paths[${index}]`))];
}

function validateRule(rule: IngressRule, field: string, options: IngressOptions): FieldError[] {
  const { host = "" } = rule;
  const errors: FieldError[] = [];
  if (host !== "") {
    if (parseIP(host)) errors.push(invalid(`${field}.host`, host, "must be a DNS name, not an IP address"));
    errors.push(...validateHost(host, `${field}.host`));
  }
  if (host.includes("*") && options.invalidWildcardRules) return errors;
  return [...errors, ...validateRuleValue(rule, field)];
}

const isBadSecret = (name: string | undefined): boolean => Boolean(name) && nameIsDNSSubdomain(name!, false).length > 0;

function validateSpec(spec: IngressSpec, options: IngressOptions): FieldError[] {
  const { rules = [], defaultBackend, tls = [], ingressClassName } = spec;
  const errors: FieldError[] = [];
  if (rules.length === 0 && !defaultBackend) {
    const detail = "either `defaultBackend` or `rules` must be specified";
    errors.push(invalid("spec", spec.rules ?? null, detail));
  }
  if (defaultBackend) errors.push(...validateBackend(defaultBackend, "spec.defaultBackend"));
  errors.push(...rules.flatMap((rule, index) => validateRule(rule, `spec.rules[${index}]`, options)));
  for (const [index, { hosts = [], secretName = "" }] of tls.entries()) {
    const field = `spec.tls[${index}]`;
    errors.push(...hosts.flatMap((host, at) => validateHost(host, `${field}.hosts[${at}]`)));
    if (options.invalidSecretNames || secretName === "") continue;
    errors.push(...messagesAt(nameIsDNSSubdomain(secretName, false), `${field}.secretName`, secretName));
  }
  if (ingressClassName === undefined) return errors;
  const messages = nameIsDNSSubdomain(ingressClassName, false);
  return [...errors, ...messagesAt(messages, "spec.ingressClassName", ingressClassName)];
}

const strategy: Strategy<Ingress> = {
  allowUnconditionalUpdate: true,
  metadataChecks: { updateAsCreate: 1 },
  validateOnUpdate: false,
  resetFields: [["status"]],
  generationOf: ({ spec }) => spec,
  prepareForCreate(draft) {
    draft.status = { loadBalancer: {} };
  },
  prepareForUpdate: (draft, old) => carry(draft, old, "status"),
  validate({ metadata, spec = emptySpec }) {
    const errors = validateSpec(spec, strict);
    const annotation = metadata.annotations?.[classAnnotation];
    const { ingressClassName } = spec;
    if (annotation === undefined || ingressClassName === undefined || annotation === ingressClassName) return errors;
    const detail = "must match `ingressClassName` when both are specified";
    return [...errors, invalid(`annotations.${classAnnotation}`, annotation, detail)];
  },
  validateUpdate({ spec = emptySpec }, { spec: old = emptySpec }) {
    return validateSpec(spec, {
      invalidSecretNames: (old.tls ?? []).some(({ secretName }) => isBadSecret(secretName)),
      invalidWildcardRules: (old.rules ?? []).some(
        (rule) => rule.host?.includes("*") && validateRuleValue(rule, "").length > 0,
      ),
    });
  },
  warnings({ metadata, spec }, old) {
    const annotated = Object.hasOwn(metadata.annotations ?? {}, classAnnotation);
    if (old || !annotated || spec?.ingressClassName !== undefined) return [];
    return [`annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`];
  },
};

const status = statusStrategy(strategy, ["spec"], {
  validateUpdate({ status: now }, old) {
    const known = (old.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip);
    return (now?.loadBalancer?.ingress ?? []).flatMap(({ ip = "", hostname = "" }, index) => {
      const field = `status.loadBalancer.ingress[${index}]`;
      const errors = ip === "" || known.includes(ip) ? [] : validateLegacyIP(`${field}.ip`, ip);
      if (hostname === "") return errors;
      errors.push(...messagesAt(isDNS1123Subdomain(hostname), `${field}.hostname`, hostname));
      const detail = "must be a DNS name, not an IP address";
      return parseIP(hostname) ? [...errors, invalid(`${field}.hostname`, hostname, detail)] : errors;
    });
  },
  warnings: ({ status: now }) =>
    (now?.loadBalancer?.ingress ?? []).flatMap(({ ip }, index) =>
      ip ? warnOfIP(`status.loadBalancer.ingress[${index}]`, ip) : [],
    ),
});

const hostsShownMax = 3;

function printHosts(rules: readonly IngressRule[]): string {
  const hosts: string[] = [];
  let more = false;
  for (const { host = "" } of rules) {
    if (hosts.length === hostsShownMax) more = true;
    if (!more && host !== "") hosts.push(host);
  }
  if (hosts.length === 0) return "*";
  return more ? `${hosts.join(",")} + ${rules.length - hostsShownMax} more...` : hosts.join(",");
}

export const ingress = defineKind<Ingress>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "Ingress",
  plural: "ingresses",
  shortNames: ["ing"],
  namespaced: true,
  definition: "networking.v1.Ingress",
  storageKey: "ingress",
  subresources: [objectSubresource("status", status)],
  columns: columns("Name:name", "Class", "Hosts", "Address", "Ports", "Age"),
  cells({ metadata, spec = emptySpec, status: now }, nowMs) {
    const addresses = (now?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || "");
    return [
      metadata.name,
      spec.ingressClassName ?? "<none>",
      printHosts(spec.rules ?? []),
      [...new Set(addresses.filter((one) => one !== ""))].sort().join(","),
      spec.tls?.length ? "80, 443" : "80",
      humanAge(metadata.creationTimestamp, nowMs),
    ];
  },
  strategy,
});
