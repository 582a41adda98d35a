// Proa's client: typed access to any Kubernetes API, in process or over the network. May import src/base and src/kinds.
export { type ClientIdentity, createClient } from "./api-client.ts";
export type {
  Client,
  DeleteOptions,
  ListOptions,
  ListResult,
  PatchOptions,
  WatchOptions,
  WriteOptions,
} from "./client.ts";
export { createEventRecorder, type EventRecorder, type EventSource, type EventSubject } from "./event-recorder.ts";
export { type Change, createInformer, type Informer, type InformerOptions } from "./informer.ts";
export { InformerSet } from "./informer-set.ts";
export { WorkQueue } from "./work-queue.ts";
