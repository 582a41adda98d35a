// /version: what clients take the server for. Imports nothing.

/** Integers as major and minor: clients parse them. Proa serves Kubernetes 1.36's API. */
export const version = {
  major: "1",
  minor: "36",
  emulationMajor: "1",
  emulationMinor: "36",
  minCompatibilityMajor: "1",
  minCompatibilityMinor: "35",
  gitVersion: "v1.36.3",
  gitCommit: "0000000000000000000000000000000000000000",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "none",
  compiler: "typescript",
  platform: "linux/amd64",
} as const;
