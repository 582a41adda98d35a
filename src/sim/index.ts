// What tests of programs on Proa use: a clock they control, and a node whose containers are scripted. May import all pure
// layers.
export { createVirtualClock, type VirtualClock } from "./virtual-clock.ts";
export type { ContainerScript, ImageScript, RuntimeScript } from "./runtime/script.ts";
export { SimulatedFiles } from "./runtime/simulated-files.ts";
export {
  createSimulatedMachine,
  createSimulatedProber,
  SimulatedCgroups,
  type SimulatedMachineOptions,
} from "./runtime/simulated-node.ts";
export { SimulatedRuntime, type SimulatedRuntimeOptions } from "./runtime/simulated-runtime.ts";
