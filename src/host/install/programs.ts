// Which of the programs that a node needs are on this machine, and where. PATH is searched first, then the folders that a
// user's PATH often lacks, then where Docker and the CNI project put theirs. May import node.
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { join } from "node:path";

/** A program that a node needs: the Debian package that brings it. */
export const packageOf: Readonly<Record<string, string>> = {
  containerd: "containerd",
  "containerd-shim-runc-v2": "containerd",
  runc: "runc",
  nft: "nftables",
  iptables: "iptables",
  conntrack: "conntrack",
  ip: "iproute2",
  mount: "mount",
  umount: "mount",
  nsenter: "util-linux",
};

export const cniPlugins = ["bridge", "host-local", "portmap", "loopback"] as const;
const cniPackage = "containernetworking-plugins";

const programFolders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const dockerFolders = ["/usr/libexec/docker", "/usr/lib/docker", "/snap/docker/current/bin"];
const cniFolders = ["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni", "/usr/local/lib/cni", "/usr/local/libexec/cni"];

export interface NodePrograms {
  /** Absolute paths by program name. */
  readonly paths: Readonly<Record<string, string>>;
  /** The folder that holds every plugin of `cniPlugins`. */
  readonly cniFolder: string;
}

export interface ProgramSearch {
  readonly programs: Readonly<Record<string, string>>;
  readonly cniFolder: string | undefined;
  /** Program names, and "cni: NAME" for a plugin. Empty: all is there. */
  readonly missing: readonly string[];
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** The path of a program, or undefined. */
export async function findProgram(name: string, searchPath = process.env["PATH"] ?? ""): Promise<string | undefined> {
  const folders = searchPath.split(":").filter((folder) => folder.startsWith("/"));
  for (const folder of [...folders, ...programFolders, ...dockerFolders]) {
    const path = join(folder, name);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

async function findCniFolder(folders: readonly string[]): Promise<{ folder?: string; missing: string[] }> {
  let fewest: string[] = [...cniPlugins];
  for (const folder of folders) {
    const present = await Promise.all(cniPlugins.map((plugin) => isExecutable(join(folder, plugin))));
    const missing = cniPlugins.filter((_plugin, index) => !present[index]);
    if (missing.length === 0) return { folder, missing: [] };
    if (missing.length < fewest.length) fewest = missing;
  }
  return { missing: fewest };
}

export interface SearchOptions {
  readonly searchPath?: string;
  readonly cniFolders?: readonly string[];
}

/** Looks for everything that a node needs. */
export async function searchPrograms(options: SearchOptions = {}): Promise<ProgramSearch> {
  const names = Object.keys(packageOf);
  const paths = await Promise.all(names.map((name) => findProgram(name, options.searchPath)));
  const cni = await findCniFolder(options.cniFolders ?? cniFolders);
  const programs: Record<string, string> = {};
  const missing: string[] = [];
  for (const [index, name] of names.entries()) {
    const path = paths[index];
    if (path === undefined) missing.push(name);
    else programs[name] = path;
  }
  return {
    programs,
    cniFolder: cni.folder,
    missing: [...missing, ...cni.missing.map((plugin) => `cni: ${plugin}`)],
  };
}

/** What is missing on this machine, in words for people; empty when a node can run. */
export async function missingPrograms(options: SearchOptions = {}): Promise<readonly string[]> {
  return (await searchPrograms(options)).missing;
}

/** All programs, or an error that names those missing and the command that brings them. */
export async function requirePrograms(options: SearchOptions = {}): Promise<NodePrograms> {
  const search = await searchPrograms(options);
  if (search.missing.length > 0 || search.cniFolder === undefined) {
    const command = installCommand(search.missing);
    throw new Error(`missing on this machine: ${search.missing.join(", ")}; install them with: ${command}`);
  }
  return { paths: search.programs, cniFolder: search.cniFolder };
}

/** Debian packages that bring the missing programs, each once. */
export function packagesFor(missing: readonly string[]): string[] {
  const packages = missing.map((name) => (name.startsWith("cni: ") ? cniPackage : packageOf[name]!));
  return [...new Set(packages)];
}

export function installCommand(missing: readonly string[]): string {
  return `apt-get install -y --no-remove --no-install-recommends ${packagesFor(missing).join(" ")}`;
}
