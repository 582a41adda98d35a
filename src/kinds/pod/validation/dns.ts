// A pod's name service and its hosts file. Source: pkg/apis/core/validation. May import src/base.
import { forbidden, invalid, notSupported, required, tooLong, type FieldError } from "../../../base/field-error.ts";
import { byteLength, isDNS1123Label, isDNS1123Subdomain, isDNS1123SubdomainWithUnderscore } from "../../meta/names.ts";
import type { HostAlias, PodDNSConfig, PodSpec } from "../../types/core-v1.gen.ts";
import { validateAddress } from "./addresses.ts";

/** What resolv.conf(5) of common C libraries can hold. */
const nameserversMax = 3;
const searchPathsMax = 32;
const searchListMaxBytes = 2048;
/** Linux' HOST_NAME_MAX. */
const hostnameMaxBytes = 64;
const dnsPolicies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];

export function validateDNSPolicy(policy: string, field: string): FieldError[] {
  if (policy === "") return [required(field)];
  return dnsPolicies.includes(policy) ? [] : [notSupported(field, policy, dnsPolicies)];
}

function validateSearches(searches: readonly string[], field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (searches.length > searchPathsMax) {
    errors.push(invalid(field, searches, `must not have more than ${searchPathsMax} search paths`));
  }
  if (byteLength(searches.join(" ")) > searchListMaxBytes) {
    const detail = `must not have more than ${searchListMaxBytes} characters (including spaces) in the search list`;
    errors.push(invalid(field, searches, detail));
  }
  for (const [index, search] of searches.entries()) {
    if (search === ".") continue;
    const name = search.endsWith(".") ? search.slice(0, -1) : search;
    const wrong = isDNS1123SubdomainWithUnderscore(name);
    errors.push(...wrong.map((message) => invalid(`${field}[${index}]`, name, message)));
  }
  return errors;
}

export function validateDNSConfig(config: PodDNSConfig | undefined, policy: string, field: string): FieldError[] {
  const servers = config?.nameservers ?? [];
  if (policy === "None") {
    if (!config) return [required(field, "must provide `dnsConfig` when `dnsPolicy` is None")];
    if (servers.length === 0) {
      const detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
      return [required(`${field}.nameservers`, detail)];
    }
  }
  const errors: FieldError[] = [];
  if (servers.length > nameserversMax) {
    errors.push(invalid(`${field}.nameservers`, servers, `must not have more than ${nameserversMax} nameservers`));
  }
  return [
    ...errors,
    ...servers.flatMap((server, index) => validateAddress(server, `${field}.nameservers[${index}]`)),
    ...validateSearches(config?.searches ?? [], `${field}.searches`),
    ...(config?.options ?? []).flatMap((option, index) =>
      option.name ? [] : [required(`${field}.options[${index}]`, "must not be empty")],
    ),
  ];
}

export function validateHostAliases(aliases: readonly HostAlias[] | undefined, field: string): FieldError[] {
  return (aliases ?? []).flatMap((alias, index) => [
    ...validateAddress(alias.ip ?? "", `${field}[${index}].ip`),
    ...(alias.hostnames ?? []).flatMap((name, at) =>
      isDNS1123Subdomain(name).map((message) => invalid(`${field}[${index}].hostnames[${at}]`, name, message)),
    ),
  ]);
}

export function validateHostnameOverride(spec: PodSpec, specPath: string): FieldError[] {
  const name = spec.hostnameOverride;
  if (name === undefined) return [];
  const field = `${specPath}.hostnameOverride`;
  const errors: FieldError[] = [];
  if (spec.setHostnameAsFQDN) {
    errors.push(forbidden(field, "may not be specified when setHostnameAsFQDN is true"));
  }
  if (spec.hostNetwork) errors.push(forbidden(field, "may not be specified when hostNetwork is true"));
  if (byteLength(name) > hostnameMaxBytes) errors.push(tooLong(field, hostnameMaxBytes));
  return [...errors, ...isDNS1123Subdomain(name).map((message) => invalid(field, name, message))];
}

export const validateLabelField = (value: string | undefined, field: string): FieldError[] =>
  value ? isDNS1123Label(value).map((message) => invalid(field, value, message)) : [];
