// Rules for texts inside objects: keys, ports, identifiers, domain names. Each check returns what is wrong in upstream's
// words; an empty list: the value is allowed. Source: k8s.io/apimachinery/pkg/util/validation. May import src/base.
import { invalid, required, type FieldError } from "../../base/field-error.ts";
import {
  byteLength,
  dns1123SubdomainMaxBytes,
  emptyError,
  inclusiveRangeError,
  isDNS1123Label,
  isDNS1123Subdomain,
  maxLengthError,
  regexError,
} from "./names.ts";

const cIdentifierFormat = "[A-Za-z_][A-Za-z0-9_]*";

export function isCIdentifier(value: string): string[] {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(value)) return [];
  const message =
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters " +
    "or '_'";
  return [regexError(message, cIdentifierFormat, "my_name", "MY_NAME", "MyName")];
}

export const isInRange = (value: number, low: number, high: number): string[] =>
  value >= low && value <= high ? [] : [inclusiveRangeError(low, high)];

export const isPortNumber = (port: number): string[] => isInRange(port, 1, 65535);

const maxInt32 = 2147483647;
export const isUserId = (id: number): string[] => isInRange(id, 0, maxInt32);
export const isGroupId = (id: number): string[] => isInRange(id, 0, maxInt32);

/** A port's name: at most 15 of a-z, 0-9 and "-", with a letter (RFC 6335, lower case). */
export function isPortName(port: string): string[] {
  const errors: string[] = [];
  if (byteLength(port) > 15) errors.push(maxLengthError(15));
  if (!/^[-a-z0-9]+$/.test(port)) {
    errors.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  }
  if (!/[a-z]/.test(port)) errors.push("must contain at least one letter (a-z)");
  if (port.includes("--")) errors.push("must not contain consecutive hyphens");
  if (port.startsWith("-") || port.endsWith("-")) errors.push("must not begin or end with a hyphen");
  return errors;
}

export function isPercent(percent: string): string[] {
  if (/^[0-9]+%$/.test(percent)) return [];
  const message = "a valid percent string must be a numeric string followed by an ending '%'";
  return [regexError(message, "[0-9]+%", "1%", "93%")];
}

export function isHTTPHeaderName(value: string): string[] {
  if (/^[-A-Za-z0-9]+$/.test(value)) return [];
  const message = "a valid HTTP header must consist of alphanumeric characters or '-'";
  return [regexError(message, "[-A-Za-z0-9]+", "X-Header-Name")];
}

function checkParentPrefix(value: string): string[] {
  if (value === ".") return ["must not be '.'"];
  if (value === "..") return ["must not be '..'"];
  return value.startsWith("..") ? ["must not start with '..'"] : [];
}

/** What 1.34 and later allow as a variable's name: printable ASCII without "=". */
export function isRelaxedEnvVarName(value: string): string[] {
  if (value === "") return [`environment variable name ${emptyError}`];
  if (/^[ -<>-~]*$/.test(value)) return [];
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** A key of a ConfigMap or Secret. */
export function isConfigMapKey(value: string): string[] {
  const errors: string[] = [];
  if (byteLength(value) > dns1123SubdomainMaxBytes) errors.push(maxLengthError(dns1123SubdomainMaxBytes));
  if (!/^[-._a-zA-Z0-9]+$/.test(value)) {
    const message = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    errors.push(regexError(message, "[-._a-zA-Z0-9]+", "key.name", "KEY_NAME", "key-name"));
  }
  return [...errors, ...checkParentPrefix(value)];
}

/** An integer as a person writes it: no plus sign, no leading zeros. */
export function isDecimalInteger(value: string): string[] {
  if (value === "") return [emptyError];
  return /^(0|-?[1-9][0-9]*)$/.test(value) ? [] : ["must be a valid decimal integer in canonical form"];
}

/** A domain name of at least two segments; a dot at its end is allowed. */
export function isFullyQualifiedDomainName(field: string, text: string): FieldError[] {
  if (text === "") return [required(field)];
  const name = text.endsWith(".") ? text.slice(0, -1) : text;
  const errors = isDNS1123Subdomain(name);
  if (errors.length > 0) return [invalid(field, name, errors.join(","))];
  const labels = name.split(".");
  if (labels.length < 2) {
    return [invalid(field, name, "should be a domain with at least two segments separated by dots")];
  }
  for (const label of labels) {
    const wrong = isDNS1123Label(label);
    if (wrong.length > 0) return [invalid(field, label, wrong.join(","))];
  }
  return [];
}

const httpPathFormat = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";

/** `acme.io/foo`: a domain, then a path. */
export function isDomainPrefixedPath(field: string, path: string): FieldError[] {
  if (path === "") return [required(field)];
  const slash = path.indexOf("/");
  if (slash <= 0 || slash === path.length - 1) {
    return [invalid(field, path, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  const host = path.slice(0, slash);
  const rest = path.slice(slash + 1);
  const errors = isDNS1123Subdomain(host).map((message) => invalid(field, host, message));
  if (!/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(rest)) {
    errors.push(invalid(field, rest, regexError("Invalid path", httpPathFormat)));
  }
  return errors;
}
