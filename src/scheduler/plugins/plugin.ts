// What a plugin is: a filter says which nodes can take a pod, a scorer which of those are better. Both are made for one
// pod and asked for many nodes. May import src/base, src/kinds.
import type { ClusterView } from "../cluster-view.ts";
import type { PodInfo } from "../pod-info.ts";
import type { NodeEntry, Snapshot } from "../snapshot/snapshot.ts";

export type PluginName =
  | "SchedulingGates"
  | "NodeUnschedulable"
  | "NodeName"
  | "TaintToleration"
  | "NodeAffinity"
  | "NodePorts"
  | "NodeResourcesFit"
  | "VolumeRestrictions"
  | "VolumeBinding"
  | "VolumeZone"
  | "PodTopologySpread"
  | "InterPodAffinity"
  | "DefaultPreemption"
  | "NodeResourcesBalancedAllocation"
  | "ImageLocality";

/** Why a node, or any node, can't take the pod. The words are upstream's, without the number of nodes. */
export interface Refusal {
  readonly plugin: PluginName | "";
  readonly reasons: readonly string[];
  /** True: the node wouldn't take it if other pods were gone, either. */
  readonly unresolvable: boolean;
}

export interface PluginContext {
  readonly snapshot: Snapshot;
  readonly view: ClusterView;
}

export interface NodeFilter {
  readonly plugin: PluginName;
  check(entry: NodeEntry): Refusal | undefined;
  /** In a trial, another pod came to the node (1) or left it (-1). */
  podChanged?(info: PodInfo, entry: NodeEntry, sign: 1 | -1): void;
}

/** A filter; or a refusal of the pod as a whole; or undefined where the plugin has nothing to say about the pod. */
export type MakeFilter = (info: PodInfo, context: PluginContext) => NodeFilter | Refusal | undefined;

export interface Scorer {
  readonly plugin: PluginName;
  readonly weight: number;
  /** Any whole number; 0 to 100 after `normalize`, or at once. */
  score(entry: NodeEntry): number;
  /** `scores` belong to the slots of `feasible`, in their order. */
  normalize?(scores: Float64Array): void;
}

/** A scorer for the nodes that passed all filters, given by their slots. */
export type MakeScorer = (info: PodInfo, context: PluginContext, feasible: readonly number[]) => Scorer | undefined;

export const refuse = (plugin: Refusal["plugin"], reason: string, unresolvable = false): Refusal => ({
  plugin,
  reasons: [reason],
  unresolvable,
});

export const isRefusal = (made: NodeFilter | Refusal): made is Refusal => "reasons" in made;
