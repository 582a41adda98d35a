// Pods that wait for room on a node which preemption is clearing for them. Pods of less importance must not take it.
// Source: pkg/scheduler/backend/queue/nominator.go. May import src/base, src/kinds.
import type { PodInfo } from "./pod-info.ts";

export class Nominations {
  readonly #byNode = new Map<string, Map<string, PodInfo>>();
  readonly #nodeOf = new Map<string, string>();

  set(info: PodInfo, nodeName: string): void {
    this.delete(info.uid);
    this.#nodeOf.set(info.uid, nodeName);
    const pods = this.#byNode.get(nodeName) ?? new Map<string, PodInfo>();
    this.#byNode.set(nodeName, pods.set(info.uid, info));
  }

  delete(uid: string): void {
    const nodeName = this.#nodeOf.get(uid);
    if (nodeName === undefined) return;
    this.#nodeOf.delete(uid);
    const pods = this.#byNode.get(nodeName)!;
    pods.delete(uid);
    if (pods.size === 0) this.#byNode.delete(nodeName);
  }

  nodeOf(uid: string): string | undefined {
    return this.#nodeOf.get(uid);
  }
  on(nodeName: string): readonly PodInfo[] {
    return this.#byNode.size === 0 ? [] : [...(this.#byNode.get(nodeName)?.values() ?? [])];
  }
  get isEmpty(): boolean {
    return this.#byNode.size === 0;
  }
}
