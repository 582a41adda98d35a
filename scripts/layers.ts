// The layers of docs/ARCHITECTURE.md as data: which folders a layer may import, and which platform it sees. The
// tsconfig files are printed from it (scripts/generate.ts) and the house tests read it. Imports nothing.

export interface Layer {
  readonly folder: string;
  readonly imports: readonly string[];
  /** "pure" sees only the language and base/platform.d.ts; "node" sees Node. */
  readonly platform: "pure" | "node";
  /** npm packages that the layer may import. */
  readonly packages: readonly string[];
}

const pure = (folder: string, imports: string[], packages: string[] = []): Layer => ({
  folder,
  imports,
  platform: "pure",
  packages,
});
const node = (folder: string, imports: string[], packages: string[] = []): Layer => ({
  folder,
  imports,
  platform: "node",
  packages,
});

const components = ["src/controllers", "src/scheduler", "src/kubelet", "src/network"];
const all = ["src/base", "src/kinds", "src/cel", "src/store", "src/apiserver", "src/client", ...components];

export const layers: readonly Layer[] = [
  pure("src/base", [], ["yaml", "ipaddr.js"]),
  pure("src/kinds", ["src/base"], []),
  pure("src/cel", ["src/base", "src/kinds"]),
  pure("src/store", ["src/base", "src/kinds"]),
  pure("src/client", ["src/base", "src/kinds"]),
  pure("src/apiserver", ["src/base", "src/kinds", "src/cel", "src/store"]),
  ...components.map((folder) => pure(folder, ["src/base", "src/kinds", "src/client"])),
  pure("src/kubectl", ["src/base", "src/kinds", "src/client"]),
  pure("src/sim", all),
  node("src/host", all, ["@grpc/grpc-js", "ws", "jose", "@peculiar/x509", "reflect-metadata", "tar-stream", "yaml"]),
  node("src/cluster", [...all, "src/kubectl", "src/sim", "src/host"]),
  node("bin", [...all, "src/kubectl", "src/sim", "src/host", "src/cluster"]),
  node("scripts", ["src/base", "src/kinds"], ["esbuild"]),
  node("test", [...all, "src/kubectl", "src/sim", "src/host", "src/cluster", "scripts"], ["oxc-parser"]),
  node("bench", [...all, "src/kubectl", "src/sim", "src/host", "src/cluster"], ["yaml"]),
];
