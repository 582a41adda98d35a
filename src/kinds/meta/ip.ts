// IP addresses and CIDRs in objects: what upstream's validation reads, refuses and prints (k8s.io/apimachinery
// pkg/util/validation/ip.go; canonical form: RFC 5952). May import src/base.
import { invalid, type FieldError } from "../../base/field-error.ts";

/** An address as its 4 or 16 bytes; an IPv4-mapped IPv6 address has 16. */
export type AddressBytes = readonly number[];

/** Reads dotted decimals; leading zeros are skipped, as Go's net package once did. */
function parseIPv4(text: string): number[] | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^[0-9]+$/.test(part) && Number(part) <= 255)) return undefined;
  return parts.map(Number);
}

function parseGroups(text: string): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [index, group] of groups.entries()) {
    if (group.includes(".")) {
      const tail = index === groups.length - 1 ? parseIPv4(group) : undefined;
      if (!tail) return undefined;
      bytes.push(...tail);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
    }
  }
  return bytes;
}

/** The bytes of an address, or undefined where the text is none. */
export function parseIP(text: string): AddressBytes | undefined {
  if (!text.includes(":")) return parseIPv4(text);
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0]!);
  if (halves.length === 1) return head?.length === 16 ? head : undefined;
  const tail = parseGroups(halves[1]!);
  if (!head || !tail || halves[0]!.includes(".") || head.length + tail.length > 14) return undefined;
  return [...head, ...Array.from({ length: 16 - head.length - tail.length }, () => 0), ...tail];
}

const isMapped = (bytes: AddressBytes): boolean =>
  bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;

export const isIPv6 = (bytes: AddressBytes): boolean => bytes.length === 16 && !isMapped(bytes);

/** The canonical text of an address; a mapped one is printed as its IPv4 address. */
export function formatIP(bytes: AddressBytes): string {
  if (bytes.length === 4) return bytes.join(".");
  if (isMapped(bytes)) return bytes.slice(12).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => (bytes[index * 2]! << 8) | bytes[index * 2 + 1]!);
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  if (best.start < 0) return hex(groups);
  return `${hex(groups.slice(0, best.start))}::${hex(groups.slice(best.start + best.length))}`;
}

const hasLeadingZeros = (text: string): boolean => /(^|[.:])0[0-9]+(?=\.|\/|$)/.test(text) && text.includes(".");

function checkStrict(field: string, value: string, bytes: AddressBytes): FieldError[] {
  if (hasLeadingZeros(value)) return [invalid(field, value, "must not have leading 0s")];
  return isMapped(bytes) ? [invalid(field, value, "must not be an IPv4-mapped IPv6 address")] : [];
}

/** For fields older than strict checks: any spelling, but no leading zeros and no mapped addresses. */
export function validateLegacyIP(field: string, value: string): FieldError[] {
  const bytes = parseIP(value);
  if (!bytes) return [invalid(field, value, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")];
  return checkStrict(field, value, bytes);
}

/** Only the canonical spelling. */
export function validateIP(field: string, value: string): FieldError[] {
  const errors = validateLegacyIP(field, value);
  if (errors.length > 0) return errors;
  const canonical = formatIP(parseIP(value)!);
  return value === canonical ? [] : [invalid(field, value, `must be in canonical form ("${canonical}")`)];
}

export interface Cidr {
  readonly address: AddressBytes;
  readonly prefixLength: number;
  /** The address with the bits after the prefix cleared. */
  readonly network: AddressBytes;
}

export function parseCIDR(text: string): Cidr | undefined {
  const slash = text.lastIndexOf("/");
  const address = slash < 0 ? undefined : parseIP(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (!address || !/^[0-9]{1,3}$/.test(length) || Number(length) > address.length * 8) return undefined;
  const prefixLength = Number(length);
  const network = address.map((byte, index) => {
    const bits = Math.min(8, Math.max(0, prefixLength - index * 8));
    return byte & (0xff00 >> bits) & 255;
  });
  return { address, prefixLength, network };
}

export const formatCIDR = (cidr: Cidr): string => `${formatIP(cidr.network)}/${cidr.prefixLength}`;

export function validateLegacyCIDR(field: string, value: string): FieldError[] {
  const cidr = parseCIDR(value);
  if (!cidr) return [invalid(field, value, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")];
  const { address, network } = cidr;
  if (hasLeadingZeros(value.slice(0, value.lastIndexOf("/"))) || /\/0[0-9]/.test(value)) {
    return [invalid(field, value, "must not have leading 0s in IP or prefix length")];
  }
  if (isMapped(address)) return [invalid(field, value, "must not have an IPv4-mapped IPv6 address")];
  if (address.some((byte, index) => byte !== network[index])) {
    return [invalid(field, value, "must not have bits set beyond the prefix length")];
  }
  return [];
}

export function validateCIDR(field: string, value: string): FieldError[] {
  const errors = validateLegacyCIDR(field, value);
  if (errors.length > 0) return errors;
  const canonical = formatCIDR(parseCIDR(value)!);
  return value === canonical ? [] : [invalid(field, value, `must be in canonical form ("${canonical}")`)];
}

/** Warnings for CIDRs in other spellings than the canonical one; for values that passed validateLegacyCIDR. */
export function warnOfCIDR(field: string, value: string): string[] {
  const cidr = parseCIDR(value);
  if (!cidr) return [];
  const canonical = formatCIDR(cidr);
  const warnings: string[] = [];
  if (cidr.address.some((byte, index) => byte !== cidr.network[index])) {
    const single = `${formatIP(cidr.address)}/${cidr.address.length * 8}`;
    const detail = `is ambiguous in this context (should be "${canonical}" or "${single}"?)`;
    warnings.push(`${field}: CIDR value "${value}" ${detail}`);
  }
  if (validateLegacyCIDR(field, value).some((error) => /leading 0s|mapped/.test(error.message))) {
    warnings.push(`${field}: non-standard CIDR value "${value}" is invalid: use "${canonical}"`);
  }
  if (warnings.length === 0 && isIPv6(cidr.address) && canonical !== value) {
    warnings.push(`${field}: IPv6 CIDR value "${value}" should be in RFC 5952 canonical format ("${canonical}")`);
  }
  return warnings;
}

/** Warnings for addresses in other spellings than the canonical one; for values that passed validateLegacyIP. */
export function warnOfIP(field: string, value: string): string[] {
  const bytes = parseIP(value);
  if (!bytes) return [];
  const canonical = formatIP(bytes);
  if (checkStrict(field, value, bytes).length > 0) {
    return [`${field}: non-standard IP address "${value}" is invalid: use "${canonical}"`];
  }
  if (!isIPv6(bytes) || canonical === value) return [];
  return [`${field}: IPv6 address "${value}" should be in RFC 5952 canonical format ("${canonical}")`];
}
