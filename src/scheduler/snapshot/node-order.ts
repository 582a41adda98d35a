// The order in which nodes are looked at: zones take turns, so that a part of the list is a fair part of every zone.
// Source: pkg/scheduler/backend/cache/node_tree.go. May import src/base, src/kinds.
import type { Node } from "../../kinds/types/core-v1.gen.ts";

const label = (node: Node, name: string): string | undefined => node.metadata.labels?.[name];

export function zoneOf(node: Node): string {
  const region =
    label(node, "failure-domain.beta.kubernetes.io/region") ?? label(node, "topology.kubernetes.io/region") ?? "";
  const zone =
    label(node, "failure-domain.beta.kubernetes.io/zone") ?? label(node, "topology.kubernetes.io/zone") ?? "";
  return region === "" && zone === "" ? "" : `${region}\0${zone}`;
}

export class NodeOrder {
  readonly #zones = new Map<string, number[]>();
  readonly #zoneOfSlot = new Map<number, string>();
  #list: readonly number[] | undefined;

  set(slot: number, zone: string): void {
    if (this.#zoneOfSlot.get(slot) === zone) return;
    this.delete(slot);
    this.#zoneOfSlot.set(slot, zone);
    const slots = this.#zones.get(zone);
    if (slots) slots.push(slot);
    else this.#zones.set(zone, [slot]);
    this.#list = undefined;
  }

  delete(slot: number): void {
    const zone = this.#zoneOfSlot.get(slot);
    if (zone === undefined) return;
    this.#zoneOfSlot.delete(slot);
    const rest = this.#zones.get(zone)!.filter((one) => one !== slot);
    if (rest.length > 0) this.#zones.set(zone, rest);
    else this.#zones.delete(zone);
    this.#list = undefined;
  }

  list(): readonly number[] {
    if (this.#list) return this.#list;
    const zones = [...this.#zones.values()];
    const list: number[] = [];
    for (let index = 0; list.length < this.#zoneOfSlot.size; index += 1) {
      for (const slots of zones) {
        if (index < slots.length) list.push(slots[index]!);
      }
    }
    this.#list = list;
    return list;
  }
}
