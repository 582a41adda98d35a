// Why a pod couldn't be placed, in upstream's words. Source: pkg/scheduler/framework/types.go FitError. May import src/base,
// src/kinds.
import type { Refusal } from "./plugins/plugin.ts";

export const noNodesMessage = "no nodes available to schedule pods";

/** What every node said. */
export interface Diagnosis {
  /** By node; nodes that were not looked at are missing. */
  readonly refusals: ReadonlyMap<string, Refusal>;
  /** What is said of the nodes that are missing; undefined: nothing. */
  readonly missing?: Refusal;
  /** The pod as a whole was refused, before any node was looked at. */
  readonly podRefusal?: Refusal;
  /** What preemption said, where it said something. */
  readonly preemption?: string;
}

/** Upstream sorts as bytes, so "10 …" comes before "2 …". */
function histogram(nodes: number, { refusals, missing }: Diagnosis): string {
  const counts = new Map<string, number>();
  const count = (reason: string, by: number): void => void counts.set(reason, (counts.get(reason) ?? 0) + by);
  for (const { reasons } of refusals.values()) {
    for (const reason of reasons) count(reason, 1);
  }
  if (refusals.size < nodes) {
    for (const reason of missing?.reasons ?? []) count(reason, nodes - refusals.size);
  }
  return [...counts]
    .map(([reason, by]) => `${by} ${reason}`)
    .toSorted()
    .join(", ");
}

/** "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. preemption: 0/3 nodes …" */
export function fitMessage(nodes: number, diagnosis: Diagnosis): string {
  const { podRefusal, preemption } = diagnosis;
  const why = podRefusal ? podRefusal.reasons.join(", ") : histogram(nodes, diagnosis);
  return `0/${nodes} nodes are available:${why ? ` ${why}.` : ""}${preemption ? ` ${preemption}` : ""}`;
}
