// Services. Their addresses and ports are allocated by the server (service-families.ts says in what order). May import
// src/base.
import { duplicate, forbidden, invalid, notSupported, required, type FieldError } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Cell, Strategy } from "../kind.ts";
import { carry, columns, defineKind, objectSubresource, statusStrategy } from "../meta/define-kind.ts";
import { parseIP, validateLegacyCIDR, validateLegacyIP, warnOfCIDR, warnOfIP } from "../meta/ip.ts";
import { isDNS1123Label, isDNS1123Subdomain, isQualifiedName, nameIsDNSLabel } from "../meta/names.ts";
import { validateLabels } from "../meta/object-meta.ts";
import { isPortName, isPortNumber } from "../meta/value-names.ts";
import type { Draft } from "../object.ts";
import type { Service, ServicePort, ServiceSpec } from "../types/core-v1.gen.ts";
import { portProtocols, validateEndpointIP } from "./endpoints.ts";
import { isHeadless, sameClusterIPs, sameFamilies, validateClusterIPs } from "./service-families.ts";

const topologyHints = "service.kubernetes.io/topology-aware-hints";
const topologyMode = "service.kubernetes.io/topology-mode";
const sourceRanges = "service.beta.kubernetes.io/load-balancer-source-ranges";
export const affinityTimeoutDefaultSeconds = 10_800;
const affinityTimeoutMaxSeconds = 86_400;

const emptySpec = {} as ServiceSpec;
const isBalanced = ({ type }: ServiceSpec): boolean => type === "LoadBalancer";

/** Traffic from outside the cluster may come to it. */
export const isExternallyAccessible = ({ type, externalIPs }: ServiceSpec): boolean =>
  type === "LoadBalancer" || type === "NodePort" || (type === "ClusterIP" && (externalIPs?.length ?? 0) > 0);
/** A load balancer must be told which nodes have endpoints. */
export const needsHealthCheck = ({ type, externalTrafficPolicy }: ServiceSpec): boolean =>
  type === "LoadBalancer" && externalTrafficPolicy === "Local";
export const needsNodePort = ({ type }: ServiceSpec): boolean => type === "NodePort" || type === "LoadBalancer";

function validateType(spec: ServiceSpec): FieldError[] {
  const type: string = spec.type ?? "";
  const errors: FieldError[] = [];
  if ((type === "LoadBalancer" || type === "NodePort") && isHeadless(spec)) {
    errors.push(invalid("spec.clusterIPs[0]", "None", `may not be set to 'None' for ${type} services`));
  }
  if (type !== "ExternalName") return errors;
  for (const name of ["clusterIPs", "ipFamilies"] as const) {
    if ((spec[name]?.length ?? 0) > 0)
      errors.push(forbidden(`spec.${name}`, "may not be set for ExternalName services"));
  }
  if (spec.ipFamilyPolicy !== undefined) {
    errors.push(forbidden("spec.ipFamilyPolicy", "may not be set for ExternalName services"));
  }
  const name = (spec.externalName ?? "").replace(/\.$/, "");
  if (name === "") return [...errors, required("spec.externalName")];
  return [...errors, ...isDNS1123Subdomain(name).map((message) => invalid("spec.externalName", name, message))];
}

function validatePort(one: ServicePort, nameNeeded: boolean, names: Set<string>, field: string): FieldError[] {
  const { name = "", port = 0, targetPort = 0, appProtocol } = one;
  const protocol: string = one.protocol ?? "";
  const errors: FieldError[] = [];
  if (nameNeeded && name === "") errors.push(required(`${field}.name`));
  else if (name !== "") {
    errors.push(...isDNS1123Label(name).map((message) => invalid(`${field}.name`, name, message)));
    if (names.has(name)) errors.push(duplicate(`${field}.name`, name));
    names.add(name);
  }
  errors.push(...isPortNumber(port).map((message) => invalid(`${field}.port`, port, message)));
  if (protocol === "") errors.push(required(`${field}.protocol`));
  else if (!portProtocols.includes(protocol)) errors.push(notSupported(`${field}.protocol`, protocol, portProtocols));
  const wrong = typeof targetPort === "number" ? isPortNumber(targetPort) : isPortName(targetPort);
  errors.push(...wrong.map((message) => invalid(`${field}.targetPort`, targetPort, message)));
  if (appProtocol === undefined) return errors;
  const at = `${field}.appProtocol`;
  return [...errors, ...isQualifiedName(appProtocol).map((message) => invalid(at, appProtocol, message))];
}

/** The same port twice, within the service or on its nodes. */
function validatePortKeys({ ports = [], type }: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, { nodePort }] of ports.entries()) {
    if (type !== "ClusterIP" || !nodePort) continue;
    errors.push(forbidden(`spec.ports[${index}].nodePort`, "may not be used when `type` is 'ClusterIP'"));
  }
  const nodePorts = new Set<string>();
  for (const [index, { protocol, nodePort }] of ports.entries()) {
    if (!nodePort) continue;
    const key = `${protocol} ${nodePort}`;
    if (nodePorts.has(key)) errors.push(duplicate(`spec.ports[${index}].nodePort`, nodePort));
    nodePorts.add(key);
  }
  const seen = new Set<string>();
  for (const [index, { protocol = "", port = 0 }] of ports.entries()) {
    const key = `${protocol} ${port}`;
    const printed = { Name: "", Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 };
    if (seen.has(key)) errors.push(duplicate(`spec.ports[${index}]`, printed));
    seen.add(key);
  }
  return errors;
}

function validateAffinity({ sessionAffinity, sessionAffinityConfig: config }: ServiceSpec): FieldError[] {
  const affinity: string = sessionAffinity ?? "";
  const [field, at] = ["spec.sessionAffinity", "spec.sessionAffinityConfig"];
  const known = ["ClientIP", "None"];
  if (affinity === "") return [required(field)];
  if (!known.includes(affinity)) return [notSupported(field, affinity, known)];
  if (affinity === "None") return config ? [forbidden(at, "must not be set when session affinity is None")] : [];
  const detail = "when session affinity type is ClientIP";
  if (!config) return [required(at, detail)];
  if (!config.clientIP) return [required(`${at}.clientIP`, detail)];
  const { timeoutSeconds } = config.clientIP;
  const path = `${at}.clientIP.timeoutSeconds`;
  if (timeoutSeconds === undefined) return [required(path, detail)];
  if (timeoutSeconds > 0 && timeoutSeconds <= affinityTimeoutMaxSeconds) return [];
  return [invalid(path, timeoutSeconds, `must be greater than 0 and less than ${affinityTimeoutMaxSeconds}`)];
}

function validateRanges({ metadata, spec = emptySpec }: Service, old: Service | undefined): FieldError[] {
  const onlyBalanced = "may only be used when `type` is 'LoadBalancer'";
  const list = spec.loadBalancerSourceRanges ?? [];
  if (list.length > 0) {
    const field = "spec.LoadBalancerSourceRanges";
    const known = (old?.spec?.loadBalancerSourceRanges ?? []).map((value) => value.trim());
    return [
      ...(isBalanced(spec) ? [] : [forbidden(field, onlyBalanced)]),
      ...list.flatMap((value, index) =>
        known.includes(value.trim()) ? [] : validateLegacyCIDR(`${field}[${index}]`, value.trim()),
      ),
    ];
  }
  const text = metadata.annotations?.[sourceRanges];
  if (text === undefined) return [];
  const field = `metadata.annotations[${sourceRanges}]`;
  const errors = isBalanced(spec) ? [] : [forbidden(field, onlyBalanced)];
  if (old?.metadata.annotations?.[sourceRanges] === text || text.trim() === "") return errors;
  return [...errors, ...text.split(",").flatMap((value) => validateLegacyCIDR(field, value.trim()))];
}

function validateBalancer(spec: ServiceSpec): FieldError[] {
  const { allocateLoadBalancerNodePorts: allocate, loadBalancerClass } = spec;
  const onlyBalanced = "may only be used when `type` is 'LoadBalancer'";
  const errors: FieldError[] = [];
  if (allocate !== undefined && !isBalanced(spec)) {
    errors.push(forbidden("spec.allocateLoadBalancerNodePorts", onlyBalanced));
  }
  if (allocate === undefined && isBalanced(spec)) errors.push(required("allocateLoadBalancerNodePorts"));
  if (loadBalancerClass === undefined) return errors;
  const at = "spec.loadBalancerClass";
  if (!isBalanced(spec)) return [...errors, forbidden(at, onlyBalanced)];
  return [...errors, ...isQualifiedName(loadBalancerClass).map((message) => invalid(at, loadBalancerClass, message))];
}

function validateTraffic(spec: ServiceSpec): FieldError[] {
  const external: string = spec.externalTrafficPolicy ?? "";
  const known = ["Cluster", "Local"];
  const errors: FieldError[] = [];
  const at = "spec.externalTrafficPolicy";
  if (!isExternallyAccessible(spec)) {
    if (external !== "") errors.push(invalid(at, external, "may only be set for externally-accessible services"));
  } else if (external === "") errors.push(required(at));
  else if (!known.includes(external)) errors.push(notSupported(at, external, known));
  const health = spec.healthCheckNodePort ?? 0;
  const healthField = "spec.healthCheckNodePort";
  if (!needsHealthCheck(spec)) {
    const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    if (health !== 0) errors.push(invalid(healthField, health, detail));
  } else if (health === 0) errors.push(required(healthField));
  else errors.push(...isPortNumber(health).map((message) => invalid(healthField, health, message)));
  const internal = spec.internalTrafficPolicy;
  const internalField = "spec.internalTrafficPolicy";
  if (internal === undefined && ["NodePort", "LoadBalancer", "ClusterIP"].includes(spec.type ?? "")) {
    errors.push(required(internalField));
  }
  if (internal !== undefined && !known.includes(internal)) errors.push(notSupported(internalField, internal, known));
  const distributions = ["PreferClose", "PreferSameZone", "PreferSameNode"];
  const distribution = spec.trafficDistribution;
  if (distribution !== undefined && !distributions.includes(distribution)) {
    errors.push(notSupported("spec.trafficDistribution", distribution, distributions));
  }
  return errors;
}

function validateTopology(annotations: Readonly<Record<string, string>>): FieldError[] {
  const [hints, mode] = [annotations[topologyHints], annotations[topologyMode]];
  if (hints === undefined || mode === undefined || hints === mode) return [];
  const detail = `must match annotations[${topologyHints}] when both are specified`;
  return [invalid(`metadata.annotations[${topologyMode}]`, mode, detail)];
}

function validateService(service: Service, old?: Service): FieldError[] {
  const { metadata, spec = emptySpec } = service;
  const { ports = [] } = spec;
  const type: string = spec.type ?? "";
  const errors = validateTopology(metadata.annotations ?? {});
  if (ports.length === 0 && !isHeadless(spec) && type !== "ExternalName") errors.push(required("spec.ports"));
  errors.push(...validateType(spec));
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    errors.push(...validatePort(port, ports.length > 1, names, `spec.ports[${index}]`));
  }
  errors.push(...validateLabels(spec.selector, "spec.selector"), ...validateAffinity(spec));
  errors.push(...validateClusterIPs(spec, old?.spec));
  for (const [index, address] of (spec.externalIPs ?? []).entries()) {
    const at = `spec.externalIPs[${index}]`;
    const known = old?.spec?.externalIPs?.includes(address);
    const wrong = known ? [] : validateLegacyIP(at, address);
    errors.push(...(wrong.length > 0 ? wrong : validateEndpointIP(address, at)));
  }
  const types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
  if (type === "") errors.push(required("spec.type"));
  else if (!types.includes(type)) errors.push(notSupported("spec.type", type, types));
  return [
    ...errors,
    ...validatePortKeys(spec),
    ...validateRanges(service, old),
    ...validateBalancer(spec),
    ...validateTraffic(spec),
  ];
}

function validateAddressUpdate(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  const [now, before] = [spec.clusterIPs ?? [], old.clusterIPs ?? []];
  const changed = (index: number): FieldError => invalid(`spec.clusterIPs[${index}]`, now, "may not change once set");
  if (isHeadless(spec) && isHeadless(old)) return [];
  if (before.length === now.length) {
    return before.flatMap((address, index) => (address === now[index] ? [] : [changed(index)]));
  }
  const errors: FieldError[] = [];
  if (before.length > now.length && now.length === 0) {
    errors.push(invalid("spec.clusterIPs[0]", spec.clusterIPs ?? null, "primary clusterIP can not be unset"));
  }
  if (before.length > 0 && now.length > 0 && before[0] !== now[0]) errors.push(changed(0));
  if (before.length > now.length && now.length === 1 && spec.ipFamilyPolicy !== "SingleStack") {
    const detail = "must be set to 'SingleStack' when releasing the secondary clusterIP";
    errors.push(invalid("spec.ipFamilyPolicy", spec.ipFamilyPolicy ?? null, detail));
  }
  return errors;
}

function validateFamilyUpdate(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  const [now, before] = [spec.ipFamilies ?? [], old.ipFamilies ?? []];
  if (isHeadless(spec) || isHeadless(old)) return [];
  const at = "spec.ipFamilies[0]";
  const changed = (value: readonly string[]): FieldError => invalid(at, value, "may not change once set");
  if (before.length === now.length) {
    return before.flatMap((family, index) => (family === now[index] ? [] : [changed(now)]));
  }
  const errors: FieldError[] = [];
  if (before.length > now.length && (spec.clusterIPs?.length ?? 0) === 0) {
    errors.push(invalid(at, spec.ipFamilies ?? null, "primary ipFamily can not be unset"));
  }
  // Upstream prints the addresses here.
  if (before.length > 0 && now.length > 0 && before[0] !== now[0]) errors.push(changed(spec.clusterIPs ?? []));
  if (before.length > now.length && now.length === 1 && spec.ipFamilyPolicy !== "SingleStack") {
    const detail = "must be set to 'SingleStack' when releasing the secondary ipFamily";
    errors.push(invalid("spec.ipFamilyPolicy", spec.ipFamilyPolicy ?? null, detail));
  }
  return errors;
}

function validateUpdate(service: Service, old: Service): FieldError[] {
  const [spec, before] = [service.spec ?? emptySpec, old.spec ?? emptySpec];
  const named = spec.type === "ExternalName" || before.type === "ExternalName";
  const errors = named ? [] : [...validateAddressUpdate(spec, before), ...validateFamilyUpdate(spec, before)];
  if (isBalanced(spec) && isBalanced(before) && spec.loadBalancerClass !== before.loadBalancerClass) {
    const detail = "may not change once set";
    errors.push(invalid("spec.loadBalancerClass", spec.loadBalancerClass ?? null, detail));
  }
  // The class is looked at here and again with the rest.
  const { loadBalancerClass } = spec;
  errors.push(...validateBalancer(spec).filter(({ field }) => field === "spec.loadBalancerClass" && loadBalancerClass));
  if (needsHealthCheck(before) && needsHealthCheck(spec)) {
    if ((spec.healthCheckNodePort ?? 0) !== (before.healthCheckNodePort ?? 0)) {
      errors.push(forbidden("spec.healthCheckNodePort", "field is immutable"));
    }
  }
  return [...errors, ...validateService(service, old)];
}

/** What only its former type had, and nobody asks for now. */
function dropTypeFields(draft: Draft<Service>, old: Service): void {
  const spec = draft.spec!;
  const [now, before] = [spec as ServiceSpec, old.spec ?? emptySpec];
  if (before.type !== "ExternalName" && now.type === "ExternalName") {
    const [addresses, families] = [sameClusterIPs(before, now), sameFamilies(before, now)];
    if (addresses) {
      delete spec.clusterIP;
      delete spec.clusterIPs;
    }
    if (families) delete spec.ipFamilies;
    if (before.ipFamilyPolicy === now.ipFamilyPolicy) delete spec.ipFamilyPolicy;
  }
  const nodePorts = (one: ServiceSpec): number[] => (one.ports ?? []).flatMap(({ nodePort }) => nodePort || []);
  const kept = nodePorts(before);
  if (needsNodePort(before) && !needsNodePort(now) && nodePorts(now).every((port) => kept.includes(port))) {
    for (const port of spec.ports ?? []) delete port.nodePort;
  }
  if (needsHealthCheck(before) && !needsHealthCheck(now) && before.healthCheckNodePort === now.healthCheckNodePort) {
    delete spec.healthCheckNodePort;
  }
  if (isBalanced(before) && !isBalanced(now)) {
    if (before.allocateLoadBalancerNodePorts === now.allocateLoadBalancerNodePorts) {
      delete spec.allocateLoadBalancerNodePorts;
    }
    if (before.loadBalancerClass === now.loadBalancerClass) delete spec.loadBalancerClass;
  }
  if (isExternallyAccessible(before) && !isExternallyAccessible(now)) {
    if (before.externalTrafficPolicy === now.externalTrafficPolicy) delete spec.externalTrafficPolicy;
  }
  if (!isBalanced(now)) draft.status = { ...draft.status, loadBalancer: {} };
}

const strategy: Strategy<Service> = {
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: true,
  validateOnUpdate: false,
  resetFields: [["status"]],
  default(draft) {
    const spec = (draft.spec ??= {});
    spec.sessionAffinity ||= "None";
    if (spec.sessionAffinity === "None") delete spec.sessionAffinityConfig;
    if (spec.sessionAffinity === "ClientIP" && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
      spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: affinityTimeoutDefaultSeconds } };
    }
    spec.type ||= "ClusterIP";
    for (const port of spec.ports ?? []) {
      port.protocol ||= "TCP";
      port.targetPort ||= port.port ?? 0;
    }
    if (isExternallyAccessible(spec as ServiceSpec)) spec.externalTrafficPolicy ||= "Cluster";
    if (["NodePort", "LoadBalancer", "ClusterIP"].includes(spec.type)) spec.internalTrafficPolicy ??= "Cluster";
    if (spec.type !== "LoadBalancer") return;
    spec.allocateLoadBalancerNodePorts ??= true;
    for (const ingress of draft.status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= "VIP";
  },
  prepareForCreate(draft) {
    draft.status = { loadBalancer: {} };
  },
  prepareForUpdate(draft, old) {
    carry(draft, old, "status");
    dropTypeFields(draft, old);
  },
  canonicalize(draft) {
    if (draft.spec?.type === "ExternalName") delete draft.spec.internalTrafficPolicy;
  },
  validate: (service) => validateService(service),
  validateUpdate,
  warnings: warnOf,
};

function warnOf({ metadata, spec = emptySpec }: Service): string[] {
  const warnings: string[] = [];
  const headless = spec.type === "ClusterIP" && spec.clusterIP === "None";
  const external = spec.externalIPs ?? [];
  if (Object.hasOwn(metadata.annotations ?? {}, topologyHints)) {
    warnings.push(`annotation ${topologyHints} is deprecated, please use ${topologyMode} instead`);
  }
  const addressed = spec.type !== "ExternalName" && spec.clusterIP && spec.clusterIP !== "None";
  if (addressed) {
    for (const [index, address] of (spec.clusterIPs ?? []).entries()) {
      warnings.push(...warnOfIP(`spec.clusterIPs[${index}]`, address));
    }
  }
  if (headless) {
    if (spec.loadBalancerIP) warnings.push("spec.loadBalancerIP is ignored for headless services");
    if (external.length > 0) warnings.push("spec.externalIPs is ignored for headless services");
    if (spec.sessionAffinity !== "None") warnings.push("spec.SessionAffinity is ignored for headless services");
  }
  for (const [index, address] of external.entries()) warnings.push(...warnOfIP(`spec.externalIPs[${index}]`, address));
  if (external.length > 0 && !headless && spec.type !== "ExternalName") {
    warnings.push("spec.externalIPs is deprecated and may no longer be implemented in some clusters");
  }
  if (spec.loadBalancerIP) warnings.push(...warnOfIP("spec.loadBalancerIP", spec.loadBalancerIP));
  for (const [index, range] of (spec.loadBalancerSourceRanges ?? []).entries()) {
    warnings.push(...warnOfCIDR(`spec.loadBalancerSourceRanges[${index}]`, range));
  }
  if (spec.type === "ExternalName" && external.length > 0) {
    warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  }
  if (spec.type !== "ExternalName" && spec.externalName) {
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  }
  if (spec.trafficDistribution === "PreferClose") {
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  }
  return warnings;
}

function validateStatus({ spec = emptySpec, status: now }: Service, old: Service): FieldError[] {
  const ingress = now?.loadBalancer?.ingress ?? [];
  const field = "status.loadBalancer.ingress";
  if (!isBalanced(spec)) {
    const detail = "may only be used when `spec.type` is 'LoadBalancer'";
    return ingress.length > 0 ? [forbidden(field, detail)] : [];
  }
  const known = (old.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip);
  return ingress.flatMap(({ ip = "", ipMode, hostname = "" }, index) => {
    const at = `${field}[${index}]`;
    const errors = ip === "" || known.includes(ip) ? [] : validateLegacyIP(`${at}.ip`, ip);
    if (ipMode === undefined) {
      if (ip !== "") errors.push(required(`${at}.ipMode`, "must be specified when `ip` is set"));
    } else if (ip === "") errors.push(forbidden(`${at}.ipMode`, "may not be specified when `ip` is not set"));
    else if (!["Proxy", "VIP"].includes(ipMode)) errors.push(notSupported(`${at}.ipMode`, ipMode, ["Proxy", "VIP"]));
    if (hostname === "") return errors;
    errors.push(...isDNS1123Subdomain(hostname).map((message) => invalid(`${at}.hostname`, hostname, message)));
    if (parseIP(hostname)) errors.push(invalid(`${at}.hostname`, hostname, "must be a DNS name, not an IP address"));
    return errors;
  });
}

const status = statusStrategy(strategy, ["spec"], {
  validateUpdate: validateStatus,
  warnings: ({ status: now }) =>
    (now?.loadBalancer?.ingress ?? []).flatMap(({ ip }, index) =>
      ip ? warnOfIP(`status.loadBalancer.ingress[${index}]`, ip) : [],
    ),
});

function printExternal({ spec = emptySpec, status: now }: Service): string {
  const external = spec.externalIPs ?? [];
  switch (spec.type) {
    case "ClusterIP":
    case "NodePort":
      return external.join(",") || "<none>";
    case "LoadBalancer": {
      const ingress = (now?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || "");
      const addresses = [...new Set(ingress.filter((one) => one !== ""))].sort();
      return [...addresses, ...external].join(",") || "<pending>";
    }
    case "ExternalName":
      return spec.externalName ?? "";
    default:
      return "<unknown>";
  }
}

function cells(service: Service, nowMs: number): Cell[] {
  const { metadata, spec = emptySpec } = service;
  const ports = (spec.ports ?? []).map(({ port, nodePort, protocol }) =>
    nodePort && nodePort > 0 ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  );
  const selector = Object.entries(spec.selector ?? {}).map(([key, value]) => `${key}=${value}`);
  return [
    metadata.name,
    spec.type ?? "",
    spec.clusterIPs?.[0] ?? "<none>",
    printExternal(service),
    ports.join(",") || "<none>",
    humanAge(metadata.creationTimestamp, nowMs),
    selector.sort().join(",") || "<none>",
  ];
}

export const service = defineKind<Service>({
  group: "",
  version: "v1",
  kind: "Service",
  plural: "services",
  shortNames: ["svc"],
  categories: ["all"],
  namespaced: true,
  definition: "core.v1.Service",
  storageKey: "services/specs",
  verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
  subresources: [
    {
      name: "proxy",
      verbs: ["create", "delete", "get", "patch", "update"],
      body: { group: "", version: "v1", kind: "ServiceProxyOptions", definition: "" },
    },
    objectSubresource("status", status),
  ],
  checkName: nameIsDNSLabel,
  columns: columns("Name:name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "Selector:+"),
  cells,
  selectableFields: {
    "spec.clusterIP": (object) => object.spec?.clusterIP ?? "",
    "spec.type": (object) => object.spec?.type ?? "",
  },
  strategy,
});
