// User namespaces of pods: each gets 65,536 ids of its own, written into the pod's folder so that they outlive the
// agent (pkg/kubelet/userns; KEP-127). Imports the ports only.
import type { NamespaceOptions } from "../runtime.ts";
import type { VolumeHost } from "../volume-host.ts";
import { podDirectory } from "../volumes/pod-volumes.ts";

type UserNamespace = NonNullable<NamespaceOptions["userns"]>;

/** Ids in one pod, and the first block: 0 to 65,535 are the node's own. */
const idsPerPod = 65_536;
const firstBlock = 1;
/** Blocks that there are; upstream: as many as pods. */
const blocksMax = 65_535;

const pathOf = (host: VolumeHost, uid: string): string => `${podDirectory(host, uid)}/userns`;

async function blockOf(host: VolumeHost, uid: string): Promise<number | undefined> {
  if (!(await host.stat(pathOf(host, uid)))) return undefined;
  const text = new TextDecoder().decode(await host.readFile(pathOf(host, uid), 64));
  return /^[0-9]+$/.test(text) ? Number(text) : undefined;
}

const toMapping = (block: number): UserNamespace => {
  const mapping = { hostId: block * idsPerPod, containerId: 0, length: idsPerPod };
  return { mode: "pod", uids: [mapping], gids: [mapping] };
};

/** The pod's ids; the first call chooses and writes them down. */
export async function podUserNamespace(host: VolumeHost, uid: string): Promise<UserNamespace> {
  const own = await blockOf(host, uid);
  if (own !== undefined) return toMapping(own);
  const taken = new Set<number>();
  for (const other of await host.list(`${host.rootPath}/pods`).catch(() => [])) {
    const block = await blockOf(host, other);
    if (block !== undefined) taken.add(block);
  }
  let block = firstBlock;
  while (taken.has(block)) block += 1;
  if (block > blocksMax) throw new Error("could not find an empty slot to allocate a user namespace");
  await host.makeDirectory(podDirectory(host, uid), 0o750);
  await host.writeFile(pathOf(host, uid), new TextEncoder().encode(String(block)), 0o600);
  return toMapping(block);
}
