// IP addresses and CIDRs as numbers: strict parsing (no leading zeros), the sloppy parsing that old API fields allow,
// canonical text, containment and the arithmetic of allocators. Imports ipaddr.js.
import ipaddr from "ipaddr.js";

export interface IpAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** A CIDR as written: `address` may have bits beyond the prefix (10.0.0.5/24). */
export interface Cidr {
  readonly address: IpAddress;
  readonly prefixBits: number;
}

export const familyBits = (family: 4 | 6): 32 | 128 => (family === 4 ? 32 : 128);

const decimal = /^(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])$/;
const sloppyDecimal = /^0*(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])$/;

function parseFour(text: string, sloppy: boolean): bigint | undefined {
  const parts = text.split(".");
  const shape = sloppy ? sloppyDecimal : decimal;
  if (parts.length !== 4 || !parts.every((part) => shape.test(part))) return undefined;
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function toValue(bytes: readonly number[]): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** ::ffff:1.2.3.4 is 1.2.3.4 to Go. */
const mappedPrefix = 0xffffn;

function parseSix(text: string, sloppy: boolean): IpAddress | undefined {
  if (!/^[0-9a-fA-F:.]{2,45}$/.test(text) || !text.includes(":")) return undefined;
  const last = text.slice(text.lastIndexOf(":") + 1);
  let plain = text;
  if (last.includes(".")) {
    const four = parseFour(last, sloppy);
    if (four === undefined) return undefined;
    plain = `${text.slice(0, -last.length)}${(four >> 16n).toString(16)}:${(four & 0xffffn).toString(16)}`;
  }
  if (plain.split(":").some((part) => part.length > 4)) return undefined;
  if (!ipaddr.IPv6.isValid(plain)) return undefined;
  const value = toValue(ipaddr.IPv6.parse(plain).toByteArray());
  if (value >> 32n === mappedPrefix) return { family: 4, value: value & 0xffffffffn };
  return { family: 6, value };
}

function parse(text: string, sloppy: boolean): IpAddress | undefined {
  if (text.includes(":")) return parseSix(text, sloppy);
  const value = parseFour(text, sloppy);
  return value === undefined ? undefined : { family: 4, value };
}

/** Go's net.ParseIP: IPv4 without leading zeros, IPv6 without zone; IPv4-mapped IPv6 counts as IPv4. */
export const parseIp = (text: string): IpAddress | undefined => parse(text, false);
/** The same with leading zeros allowed in IPv4, as upstream's old fields are read (ParseIPSloppy). */
export const parseIpSloppy = (text: string): IpAddress | undefined => parse(text, true);
/** True for the text of an IPv4-mapped IPv6 address, such as ::ffff:1.2.3.4. */
export const isMappedText = (text: string): boolean => text.includes(":") && parseIpSloppy(text)?.family === 4;

function toBytes({ family, value }: IpAddress): number[] {
  const bytes: number[] = [];
  for (let shift = familyBits(family) - 8; shift >= 0; shift -= 8) bytes.push(Number((value >> BigInt(shift)) & 0xffn));
  return bytes;
}

/** The canonical text: RFC 5952 for IPv6. */
export function printIp(address: IpAddress): string {
  const parsed = ipaddr.fromByteArray(toBytes(address));
  return parsed.kind() === "ipv6" ? (parsed as ipaddr.IPv6).toRFC5952String() : parsed.toString();
}

function parseWithPrefix(text: string, sloppy: boolean): Cidr | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const addressText = text.slice(0, slash);
  const address = parse(addressText, sloppy);
  const bitsText = text.slice(slash + 1);
  const shape = sloppy ? /^[0-9]{1,7}$/ : /^(?:0|[1-9][0-9]{0,2})$/;
  if (!address || !shape.test(bitsText)) return undefined;
  const mapped = address.family === 4 && addressText.includes(":");
  const prefixBits = Number(bitsText) - (mapped ? 96 : 0);
  if (prefixBits < 0 || prefixBits > familyBits(address.family)) return undefined;
  return { address, prefixBits };
}

/** Parses "10.0.0.0/8"; undefined for what isn't a CIDR. Bits beyond the prefix are kept: see isNetwork. */
export const parseCidr = (text: string): Cidr | undefined => parseWithPrefix(text, false);
/** The same with leading zeros allowed (ParseCIDRSloppy). */
export const parseCidrSloppy = (text: string): Cidr | undefined => parseWithPrefix(text, true);

const hostBits = ({ address, prefixBits }: Cidr): bigint => BigInt(familyBits(address.family) - prefixBits);

/** The first address of the CIDR. */
export function networkOf(cidr: Cidr): IpAddress {
  const bits = hostBits(cidr);
  return { family: cidr.address.family, value: (cidr.address.value >> bits) << bits };
}
/** The last address of the CIDR: the broadcast address of IPv4. */
export function lastOf(cidr: Cidr): IpAddress {
  return { family: cidr.address.family, value: networkOf(cidr).value + cidrSize(cidr) - 1n };
}
/** True when no bit is set beyond the prefix. */
export const isNetwork = (cidr: Cidr): boolean => networkOf(cidr).value === cidr.address.value;
/** How many addresses there are, the first and the last among them. */
export const cidrSize = (cidr: Cidr): bigint => 1n << hostBits(cidr);
/** The network's canonical text. */
export const printCidr = (cidr: Cidr): string => `${printIp(networkOf(cidr))}/${cidr.prefixBits}`;

export function cidrContains(cidr: Cidr, address: IpAddress): boolean {
  const bits = hostBits(cidr);
  return cidr.address.family === address.family && cidr.address.value >> bits === address.value >> bits;
}
/** True when every address of `inner` is in `outer`. */
export const cidrCovers = (outer: Cidr, inner: Cidr): boolean =>
  outer.prefixBits <= inner.prefixBits && cidrContains(outer, inner.address);
export const cidrsOverlap = (a: Cidr, b: Cidr): boolean => cidrCovers(a, b) || cidrCovers(b, a);

/** The address `offset` after the first; undefined beyond the end. */
export function addressAt(cidr: Cidr, offset: bigint | number): IpAddress | undefined {
  const at = BigInt(offset);
  if (at < 0n || at >= cidrSize(cidr)) return undefined;
  return { family: cidr.address.family, value: networkOf(cidr).value + at };
}
/** How far an address is after the first; undefined where it isn't in the CIDR. */
export function offsetOf(cidr: Cidr, address: IpAddress): bigint | undefined {
  return cidrContains(cidr, address) ? address.value - networkOf(cidr).value : undefined;
}
/** The `index`-th network of `prefixBits` in the CIDR; undefined where there is none. */
export function subnetAt(cidr: Cidr, prefixBits: number, index: bigint | number): Cidr | undefined {
  const bits = familyBits(cidr.address.family);
  if (prefixBits < cidr.prefixBits || prefixBits > bits) return undefined;
  const address = addressAt(cidr, BigInt(index) << BigInt(bits - prefixBits));
  return address && { address, prefixBits };
}
