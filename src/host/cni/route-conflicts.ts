// Does the machine use a cluster's addresses for something else already? By its routes: an interface's own network is one
// too. May import node.
import { readFile } from "node:fs/promises";
import type { ClusterAddresses } from "./cluster-addresses.ts";

interface Network {
  readonly address: number;
  readonly mask: number;
}

function parseCidr(cidr: string): Network {
  const [text = "", bits = "32"] = cidr.split("/");
  const address = text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const mask = bits === "0" ? 0 : (0xffffffff << (32 - Number(bits))) >>> 0;
  return { address: (address & mask) >>> 0, mask };
}

/** The table writes addresses as hexadecimal in the machine's (little endian) order. */
const readHex = (text: string): number => Buffer.from(text, "hex").reverse().readUInt32BE(0);

/** Destinations of /proc/net/route, but the default route and those over `ownInterface`. */
export function parseRoutes(text: string, ownInterface: string): Network[] {
  return text
    .split("\n")
    .slice(1)
    .map((line) => line.split("\t"))
    .filter((fields) => fields.length > 7 && fields[0] !== ownInterface && fields[7]!.trim() !== "00000000")
    .map((fields) => ({ address: readHex(fields[1]!), mask: readHex(fields[7]!.trim()) }));
}

const overlap = (a: Network, b: Network): boolean => {
  const mask = (a.mask & b.mask) >>> 0;
  return (a.address & mask) >>> 0 === (b.address & mask) >>> 0;
};

export function findConflict(addresses: ClusterAddresses, routes: string): string | undefined {
  const taken = parseRoutes(routes, addresses.bridge);
  return [addresses.podCidr, addresses.serviceCidr].find((cidr) =>
    taken.some((network) => overlap(network, parseCidr(cidr))),
  );
}

/** For claimIndex. */
export async function areAddressesFree(addresses: ClusterAddresses): Promise<boolean> {
  return findConflict(addresses, await readFile("/proc/net/route", "utf8")) === undefined;
}
