// The pod network of a machine's node: kernel settings, the CNI configuration, the rule by which pods reach the world,
// and taking all of it away again. May import node.
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { restoreSysctls, setSysctls, type Sysctls } from "../machine/sysctls.ts";
import { ProgramError, runProgram, tryProgram } from "../machine/run-program.ts";
import { indexFolder } from "./cluster-addresses.ts";
import { printConflist } from "./conflist.ts";

export interface NodeNetworkSettings {
  readonly name: string;
  readonly bridge: string;
  /** The whole cluster's pods: not masqueraded among themselves. */
  readonly clusterPodCidr: string;
  /** Holds net.d and leases. Ours alone. */
  readonly folder: string;
}

// ip_forward: packets between pods and the world; bridge-nf-call-iptables: a Service's rules apply to pods on the same
// bridge too; inotify: each container's runtime and many programs in them take instances, the default is 128.
const neededSysctls: Sysctls = {
  "net.ipv4.ip_forward": "1",
  "net.bridge.bridge-nf-call-iptables": "1",
  "fs.inotify.max_user_instances": "8192",
};
const libcniResults = "/var/lib/cni/results";

// iptables makes these on first use and never removes them; portmap uses it.
const iptablesTables = ["ip nat", "ip6 nat", "ip filter", "ip6 filter"];

const tablesFile = (folder: string): string => join(folder, "tables-before.txt");
/** What each cluster of the machine has changed: the last one to end puts it back. */
const sysctlsFolder = join(indexFolder, "sysctls");
export const cniConfigFolder = (folder: string): string => join(folder, "net.d");

function printTable(settings: NodeNetworkSettings): string {
  const { name, clusterPodCidr } = settings;
  return [
    `table ip ${name}-pods`,
    `delete table ip ${name}-pods`,
    `table ip ${name}-pods {`,
    "  chain postrouting {",
    "    type nat hook postrouting priority srcnat; policy accept;",
    `    ip saddr ${clusterPodCidr} ip daddr != { ${clusterPodCidr}, 224.0.0.0/4, 255.255.255.255 } masquerade`,
    "  }",
    "}",
    "",
  ].join("\n");
}

const forwardRules = (settings: NodeNetworkSettings): string[][] =>
  ["-i", "-o"].map((side) => [
    "FORWARD",
    side,
    settings.bridge,
    "-m",
    "comment",
    "--comment",
    settings.name,
    "-j",
    "ACCEPT",
  ]);

/** Docker and some firewalls drop all that is forwarded; pods' packets are let through there. */
async function openForwarding(settings: NodeNetworkSettings): Promise<void> {
  const { stdout } = await runProgram("iptables", ["-w", "-S", "FORWARD"]);
  if (!stdout.startsWith("-P FORWARD DROP")) return;
  for (const rule of forwardRules(settings)) {
    if (!(await tryProgram("iptables", ["-w", "-C", ...rule]))) await runProgram("iptables", ["-w", "-I", ...rule]);
  }
}

async function closeForwarding(settings: NodeNetworkSettings): Promise<void> {
  for (const rule of forwardRules(settings)) {
    while (await tryProgram("iptables", ["-w", "-C", ...rule])) await runProgram("iptables", ["-w", "-D", ...rule]);
  }
}

async function listTables(): Promise<string[]> {
  const { stdout } = await runProgram("nft", ["list", "tables"]);
  return [...stdout.matchAll(/^table (.+)$/gm)].map((match) => match[1]!);
}

async function saveTables(settings: NodeNetworkSettings): Promise<void> {
  const text = (await listTables()).join("\n");
  await writeFile(tablesFile(settings.folder), text, { flag: "wx" }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}

/** Tables of iptables that were not there before, and hold nothing but its own empty chains. */
async function removeEmptyTables(settings: NodeNetworkSettings): Promise<void> {
  let before: string[];
  try {
    before = (await readFile(tablesFile(settings.folder), "utf8")).split("\n");
  } catch {
    return;
  }
  for (const name of await listTables()) {
    if (!iptablesTables.includes(name) || before.includes(name)) continue;
    const { stdout } = await runProgram("nft", ["list", "table", ...name.split(" ")]);
    const isEmpty = stdout
      .split("\n")
      .map((line) => line.trim())
      .every(
        (line) =>
          line === "" || line === "}" || /^(?:table|chain|#) ?/.test(line) || /^type .* policy accept;$/.test(line),
      );
    if (isEmpty) await tryProgram("nft", ["delete", "table", ...name.split(" ")]);
  }
}

/** Prepares the machine. The pods' network itself begins with setPodCidr. Callable again at any time. */
export async function prepareNodeNetwork(settings: NodeNetworkSettings): Promise<void> {
  await mkdir(cniConfigFolder(settings.folder), { recursive: true });
  await saveTables(settings);
  // Absent where bridges were never used since the machine started; and where the kernel has it built in, it is there.
  await tryProgram("modprobe", ["br_netfilter"]);
  await setSysctls(neededSysctls, sysctlsFolder, settings.name);
  // nft reads no rules from the socket that Node gives a child as standard input: from a file.
  const file = join(settings.folder, "pods.nft");
  await writeFile(file, printTable(settings));
  await runProgram("nft", ["-f", file]);
  await openForwarding(settings);
}

/** Writes the CNI configuration, which containerd takes up by itself. */
export async function writePodNetwork(settings: NodeNetworkSettings, podCidr: string): Promise<void> {
  const { name, bridge, folder } = settings;
  const text = printConflist({ name, bridge, podCidr, leasesFolder: join(folder, "leases") });
  const file = join(cniConfigFolder(folder), "10-proa.conflist");
  // Renamed into place: a half-written file is never read.
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

async function removeLibcniResults(name: string): Promise<void> {
  let files: string[];
  try {
    files = await readdir(libcniResults);
  } catch {
    return;
  }
  const own = files.filter((file) => file.startsWith(`${name}-`));
  await Promise.all(own.map((file) => rm(join(libcniResults, file), { force: true })));
}

/** The words of a rule as `iptables -S` prints it: quoted where they hold spaces, quotes in them escaped. */
function splitRule(line: string): string[] {
  const words = line.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  return words.map((word) => (word.startsWith('"') ? word.slice(1, -1).replaceAll(/\\(.)/g, "$1") : word));
}

async function listNatRules(): Promise<string[]> {
  try {
    return (await runProgram("iptables", ["-w", "-t", "nat", "-S"])).stdout.split("\n");
  } catch (error) {
    // No iptables, or a kernel without it: then portmap has left nothing.
    if (error instanceof ProgramError) return [];
    throw error;
  }
}

const changeNat = (...args: string[]): Promise<boolean> => tryProgram("iptables", ["-w", "-t", "nat", ...args]);

async function removeChains(chains: readonly string[]): Promise<void> {
  for (const chain of chains) await changeNat("-F", chain);
  for (const chain of chains) await changeNat("-X", chain);
}

/** Host ports whose pods were not taken away in the orderly way: their rules bear the network's name. */
async function removeHostPorts(name: string): Promise<void> {
  const chains: string[] = [];
  for (const line of await listNatRules()) {
    if (!line.startsWith("-A CNI-HOSTPORT-DNAT ") || !line.includes(`name: \\"${name}\\"`)) continue;
    const words = splitRule(line);
    chains.push(words[words.indexOf("-j") + 1]!);
    await changeNat("-D", ...words.slice(1));
  }
  await removeChains([...new Set(chains)]);
}

/** The chains that portmap makes for all networks of the machine: taken away when no host port is left in them. */
async function removePortmapChains(): Promise<void> {
  const rules = await listNatRules();
  if (rules.some((line) => line.startsWith("-N CNI-DN-"))) return;
  for (const line of rules) {
    if (!/^-A (?:PREROUTING|OUTPUT|POSTROUTING) .*-j CNI-HOSTPORT-/.test(line)) continue;
    await changeNat("-D", ...splitRule(line).slice(1));
  }
  await removeChains(rules.filter((line) => line.startsWith("-N CNI-HOSTPORT-")).map((line) => line.slice(3)));
}

/** Takes away all that this module and the plugins have left. The pods must be gone. Callable when nothing is there. */
export async function removeNodeNetwork(settings: NodeNetworkSettings): Promise<void> {
  await tryProgram("ip", ["link", "delete", settings.bridge]);
  await tryProgram("nft", ["delete", "table", "ip", `${settings.name}-pods`]);
  await closeForwarding(settings);
  await removeHostPorts(settings.name);
  await removePortmapChains();
  await removeEmptyTables(settings);
  await removeLibcniResults(settings.name);
  await restoreSysctls(sysctlsFolder, settings.name);
  await rm(settings.folder, { recursive: true, force: true });
}
