// How to write a controller, and Proa's own. May import src/base, src/kinds, src/client.
export {
  type Change,
  type Controller,
  keyOf,
  type Reconciled,
  type Source,
  splitKey,
  type View,
} from "./controller.ts";
export { createView, runControllers, type RunnerOptions } from "./runner.ts";
export { builtInControllers, type BuiltInOptions } from "./built-in.ts";
