// Which addresses and names a cluster uses on its machine. All follow from the cluster's index, so that several clusters
// live side by side; an index is claimed by a file under /run/proa. May import node.
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface ClusterAddresses {
  readonly index: number;
  /** All pods of the cluster; each node has a /24 of it. */
  readonly podCidr: string;
  readonly serviceCidr: string;
  readonly dnsAddress: string;
  /** The bridge of the machine's own node. */
  readonly bridge: string;
  /** The first part of the names of nftables tables and cgroups. */
  readonly name: string;
}

// Pods of cluster i have 10.(244+i).0.0/16: twelve clusters until 10.255.
export const clustersMax = 12;
const podNetworkFirst = 244;
const serviceNetworkFirst = 96;
export const indexFolder = "/run/proa";

export function addressesOf(index: number): ClusterAddresses {
  if (!Number.isInteger(index) || index < 0 || index >= clustersMax) {
    throw new Error(`cluster index ${index}: must be 0 to ${clustersMax - 1}`);
  }
  const services = `10.${serviceNetworkFirst + index}`;
  return {
    index,
    podCidr: `10.${podNetworkFirst + index}.0.0/16`,
    serviceCidr: `${services}.0.0/16`,
    dnsAddress: `${services}.0.10`,
    bridge: `proa${index}`,
    name: `proa-${index}`,
  };
}

async function ownerOf(folder: string, index: number): Promise<string | undefined> {
  try {
    return (await readFile(join(folder, String(index)), "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Index and owner of every cluster that holds one. */
export async function listIndexes(folder = indexFolder): Promise<Map<number, string>> {
  const owners = new Map<number, string>();
  let names: string[];
  try {
    names = await readdir(folder);
  } catch {
    return owners;
  }
  for (const name of names.filter((name) => /^[0-9]{1,2}$/.test(name))) {
    const owner = await ownerOf(folder, Number(name));
    if (owner !== undefined) owners.set(Number(name), owner);
  }
  return owners;
}

/**
 * Claims an index for `owner` (the cluster's folder): the one it holds already, else the first that is free and that
 * `isUsable` accepts (addresses that the machine uses otherwise are not). Rejects when there is none.
 */
export async function claimIndex(
  owner: string,
  isUsable: (addresses: ClusterAddresses) => boolean | Promise<boolean> = () => true,
  folder = indexFolder,
): Promise<ClusterAddresses> {
  await mkdir(folder, { recursive: true, mode: 0o711 });
  for (const [index, other] of await listIndexes(folder)) if (other === owner) return addressesOf(index);
  for (let index = 0; index < clustersMax; index += 1) {
    const addresses = addressesOf(index);
    if ((await ownerOf(folder, index)) !== undefined || !(await isUsable(addresses))) continue;
    try {
      await writeFile(join(folder, String(index)), `${owner}\n`, { flag: "wx" });
      return addresses;
    } catch (error) {
      // Another cluster was faster: the next one.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  throw new Error(`no cluster index is free: ${clustersMax} clusters, or their addresses, are in use on this machine`);
}

export async function releaseIndex(owner: string, folder = indexFolder): Promise<void> {
  for (const [index, other] of await listIndexes(folder)) if (other === owner) await rm(join(folder, String(index)));
}
