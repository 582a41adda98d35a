// The text of containerd's configuration: version 2 for containerd 1.x, version 3 for 2.x. Imports nothing.

export type Snapshotter = "overlayfs" | "native";

export interface ContainerdSettings {
  /** Images and snapshots: lasts. */
  readonly rootFolder: string;
  /** Sockets, mounts, bundles: ends with the machine's run. */
  readonly stateFolder: string;
  readonly socketPath: string;
  readonly registriesFolder: string;
  readonly cniConfigFolder: string;
  readonly cniProgramFolder: string;
  readonly runcPath: string;
  readonly pauseImage: string;
  readonly snapshotter: Snapshotter;
}

/** A basic string of TOML: its escapes are those of JSON. */
const quote = (text: string): string => JSON.stringify(text);

// Plugins that nothing here uses: each costs time at start, and `opt` makes a folder outside ours.
const disabledPlugins = [
  "io.containerd.internal.v1.opt",
  "io.containerd.internal.v1.tracing",
  "io.containerd.tracing.processor.v1.otlp",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.erofs",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.differ.v1.erofs",
  "io.containerd.mount-handler.v1.erofs",
];

function head(version: number, settings: ContainerdSettings): string[] {
  return [
    `version = ${version}`,
    `root = ${quote(settings.rootFolder)}`,
    `state = ${quote(settings.stateFolder)}`,
    "imports = []",
    `disabled_plugins = [${disabledPlugins.map(quote).join(", ")}]`,
    "[grpc]",
    `address = ${quote(settings.socketPath)}`,
    "[ttrpc]",
    `address = ${quote(`${settings.socketPath}.ttrpc`)}`,
  ];
}

function runcTables(plugin: string, settings: ContainerdSettings): string[] {
  const table = `plugins.${quote(plugin)}.containerd`;
  return [
    `[${table}.runtimes.runc]`,
    `runtime_type = "io.containerd.runc.v2"`,
    `[${table}.runtimes.runc.options]`,
    `BinaryName = ${quote(settings.runcPath)}`,
    `Root = ${quote(`${settings.stateFolder}/runc`)}`,
    "SystemdCgroup = false",
  ];
}

// restrict_oom_score_adj: without CAP_SYS_RESOURCE (root in a container or a sandboxed machine) the kernel refuses to
// lower the score, and every sandbox would fail.
const runtimeLines = ["restrict_oom_score_adj = true", "netns_mounts_under_state_dir = true"];
const streamLines = ['stream_server_address = "127.0.0.1"', 'stream_server_port = "0"'];

function printVersion2(settings: ContainerdSettings): string[] {
  const cri = "io.containerd.grpc.v1.cri";
  const table = `plugins.${quote(cri)}`;
  return [
    ...head(2, settings),
    `[${table}]`,
    ...runtimeLines,
    ...streamLines,
    `sandbox_image = ${quote(settings.pauseImage)}`,
    `[${table}.cni]`,
    `bin_dir = ${quote(settings.cniProgramFolder)}`,
    `conf_dir = ${quote(settings.cniConfigFolder)}`,
    `[${table}.registry]`,
    `config_path = ${quote(settings.registriesFolder)}`,
    `[${table}.containerd]`,
    `snapshotter = ${quote(settings.snapshotter)}`,
    `default_runtime_name = "runc"`,
    ...runcTables(cri, settings),
  ];
}

function printVersion3(settings: ContainerdSettings): string[] {
  const runtime = "io.containerd.cri.v1.runtime";
  const images = `plugins."io.containerd.cri.v1.images"`;
  return [
    ...head(3, settings),
    `[plugins."io.containerd.nri.v1.nri"]`,
    "disable = true",
    `[plugins."io.containerd.grpc.v1.cri"]`,
    ...streamLines,
    `[${images}]`,
    `snapshotter = ${quote(settings.snapshotter)}`,
    `[${images}.pinned_images]`,
    `sandbox = ${quote(settings.pauseImage)}`,
    `[${images}.registry]`,
    `config_path = ${quote(settings.registriesFolder)}`,
    `[plugins.${quote(runtime)}]`,
    ...runtimeLines,
    `[plugins.${quote(runtime)}.cni]`,
    `bin_dirs = [${quote(settings.cniProgramFolder)}]`,
    `conf_dir = ${quote(settings.cniConfigFolder)}`,
    `[plugins.${quote(runtime)}.containerd]`,
    `default_runtime_name = "runc"`,
    ...runcTables(runtime, settings),
  ];
}

/** `majorVersion` is containerd's own: 1 or 2. */
export function printContainerdConfig(majorVersion: number, settings: ContainerdSettings): string {
  const lines = majorVersion >= 2 ? printVersion3(settings) : printVersion2(settings);
  return lines.join("\n") + "\n";
}

/** "containerd containerd.io 1.7.25 bcc810d" → 1; Debian writes "1.6.20~ds1". */
export function majorVersionOf(versionOutput: string): number {
  const match = /(?:^|\s)v?([0-9]+)\.[0-9]+\.[0-9]+/.exec(versionOutput);
  if (!match) throw new Error(`this containerd's version is not understood: ${versionOutput.trim()}`);
  return Number(match[1]);
}
