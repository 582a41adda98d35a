// The cluster as the scheduler sees it: nodes, and the pods on them, changed in place as informers tell. A pod that was
// placed counts at once (it is assumed) until the API shows it bound, its binding fails or it is gone. Every node has a
// slot, the index into all arrays. Source: pkg/scheduler/backend/cache. May import src/base, src/kinds.
import { assert } from "../../base/assert.ts";
import { quantityValue, tryParseQuantity } from "../../base/quantity.ts";
import { semanticEqual } from "../../kinds/meta/equality.ts";
import { amountsOf } from "../../kinds/pod/resources.ts";
import type { Node, Pod } from "../../kinds/types/core-v1.gen.ts";
import { type PodInfo, podInfoOf, toRequests } from "../pod-info.ts";
import { HostPorts } from "./host-ports.ts";
import { ImageSpread } from "./image-spread.ts";
import { NodeAmounts } from "./node-amounts.ts";
import { NodeOrder, zoneOf } from "./node-order.ts";
import { type PodCounter, PodCounters } from "./pod-counters.ts";
import { type Domains, Topology } from "./topology.ts";

export interface NodeEntry {
  readonly slot: number;
  readonly name: string;
  /** Undefined while pods are bound to a node that isn't known. */
  node: Node | undefined;
  /** Another number whenever what filters read of the node itself has changed. */
  version: number;
  readonly pods: Map<string, PodInfo>;
  readonly ports: HostPorts;
}

interface Placed {
  info: PodInfo;
  readonly entry: NodeEntry;
  assumed: boolean;
}

const firstSlots = 64;
const pods = (node: Node): number => {
  const amount = tryParseQuantity(node.status?.allocatable?.["pods"] ?? "0");
  return amount ? Number(quantityValue(amount)) : 0;
};

export class Snapshot {
  readonly amounts = new NodeAmounts();
  readonly images = new ImageSpread();
  readonly #entries: (NodeEntry | undefined)[] = [];
  readonly #slots = new Map<string, number>();
  readonly #free: number[] = [];
  readonly #order = new NodeOrder();
  readonly #placed = new Map<string, Placed>();
  readonly #counters = new PodCounters();
  readonly #topology = new Topology((slot) => this.#entries[slot]?.node?.metadata.labels);
  readonly #withAffinity = new Map<string, Placed>();
  readonly #withAntiAffinity = new Map<string, Placed>();
  readonly #claims = new Map<string, number>();
  #length = 0;
  #versions = 0;

  // Nodes.

  setNode(node: Node): void {
    const entry = this.#entryOf(node.metadata.name);
    const old = entry.node;
    entry.node = node;
    if (!old || !semanticEqual(old.status?.allocatable, node.status?.allocatable)) {
      this.amounts.setAllocatable(entry.slot, toRequests(amountsOf(node.status?.allocatable)), pods(node));
    }
    this.images.set(entry.slot, node.status?.images ?? []);
    this.#order.set(entry.slot, zoneOf(node));
    if (old && semanticEqual(old.metadata.labels, node.metadata.labels) && semanticEqual(old.spec, node.spec)) return;
    entry.version = this.#versions += 1;
    this.#topology.update(entry.slot);
  }

  deleteNode(name: string): void {
    const entry = this.entry(name);
    if (!entry?.node) return;
    entry.node = undefined;
    entry.version = this.#versions += 1;
    this.amounts.setAllocatable(entry.slot, toRequests(new Map()), 0);
    this.images.delete(entry.slot);
    this.#order.delete(entry.slot);
    this.#topology.update(entry.slot);
    this.#freeIfEmpty(entry);
  }

  /** The slots of the known nodes, in the order in which they are looked at. */
  get order(): readonly number[] {
    return this.#order.list();
  }
  /** The entry of a slot in `order`. */
  at(slot: number): NodeEntry {
    const entry = this.#entries[slot];
    assert(entry !== undefined, `no node in slot ${slot}`);
    return entry;
  }
  entry(name: string): NodeEntry | undefined {
    const slot = this.#slots.get(name);
    return slot === undefined ? undefined : this.#entries[slot];
  }
  /** How long arrays by slot must be. */
  get length(): number {
    return this.#length;
  }
  domainsOf(topologyKey: string): Domains {
    return this.#topology.domainsOf(topologyKey);
  }

  // Pods.

  /** A pod that the API shows on a node; it takes the place of what was known or assumed of it. */
  setPod(pod: Pod): void {
    this.#place(podInfoOf(pod), pod.spec?.nodeName ?? "", false);
  }
  /** Counts the pod on the node from now on, before the API shows it there. */
  assume(info: PodInfo, nodeName: string): void {
    this.#place(info, nodeName, true);
  }
  isAssumed(uid: string): boolean {
    return this.#placed.get(uid)?.assumed ?? false;
  }
  /** The binding has failed. Nothing happens once the API has shown the pod bound. */
  forget(uid: string): boolean {
    const placed = this.#placed.get(uid);
    if (!placed?.assumed) return false;
    this.#unplace(placed);
    return true;
  }
  deletePod(uid: string): void {
    const placed = this.#placed.get(uid);
    if (placed) this.#unplace(placed);
  }
  nodeOfPod(uid: string): string | undefined {
    return this.#placed.get(uid)?.entry.name;
  }

  /** For trials: a pod that is there for a moment, or isn't. Must be undone in the same turn. */
  addForTrial(info: PodInfo, entry: NodeEntry): void {
    this.#count({ info, entry, assumed: true }, 1);
  }
  removeForTrial(info: PodInfo, entry: NodeEntry): void {
    this.#count(this.#placed.get(info.uid) ?? { info, entry, assumed: true }, -1);
  }

  // What plugins ask.

  /** How many pods of each node match. Equal keys must match the same pods. */
  counter(key: string, matches: (info: PodInfo) => boolean): PodCounter {
    return this.#counters.of(key, matches, () => this.#allPods());
  }
  /** Pods with any affinity or anti-affinity. */
  podsWithAffinity(): Iterable<{ readonly info: PodInfo; readonly entry: NodeEntry }> {
    return this.#withAffinity.values();
  }
  podsWithRequiredAntiAffinity(): Iterable<{ readonly info: PodInfo; readonly entry: NodeEntry }> {
    return this.#withAntiAffinity.values();
  }
  /** How many pods on nodes use the claim. */
  usersOfClaim(namespace: string, name: string): number {
    return this.#claims.get(`${namespace}/${name}`) ?? 0;
  }

  *#allPods(): Iterable<readonly [number, PodInfo]> {
    for (const { entry, info } of this.#placed.values()) yield [entry.slot, info];
  }

  #place(info: PodInfo, nodeName: string, assumed: boolean): void {
    const old = this.#placed.get(info.uid);
    if (old?.info === info && old.entry.name === nodeName) {
      old.assumed &&= assumed;
      return;
    }
    if (old) this.#unplace(old);
    const placed: Placed = { info, entry: this.#entryOf(nodeName), assumed };
    this.#placed.set(info.uid, placed);
    this.#count(placed, 1);
  }

  #unplace(placed: Placed): void {
    this.#placed.delete(placed.info.uid);
    this.#count(placed, -1);
    this.#freeIfEmpty(placed.entry);
  }

  #count(placed: Placed, sign: 1 | -1): void {
    const { info, entry } = placed;
    this.amounts.addPod(entry.slot, info, sign);
    this.#counters.addPod(entry.slot, info, sign);
    if (sign === 1) {
      entry.pods.set(info.uid, info);
      entry.ports.add(info.hostPorts);
      if (info.hasAffinity) this.#withAffinity.set(info.uid, placed);
      if (info.requiredAntiAffinity.length > 0) this.#withAntiAffinity.set(info.uid, placed);
    } else {
      entry.pods.delete(info.uid);
      entry.ports.remove(info.hostPorts);
      this.#withAffinity.delete(info.uid);
      this.#withAntiAffinity.delete(info.uid);
    }
    for (const volume of info.pod.spec?.volumes ?? []) {
      if (!volume.persistentVolumeClaim) continue;
      const key = `${info.namespace}/${volume.persistentVolumeClaim.claimName}`;
      const users = (this.#claims.get(key) ?? 0) + sign;
      if (users > 0) this.#claims.set(key, users);
      else this.#claims.delete(key);
    }
  }

  #entryOf(name: string): NodeEntry {
    const known = this.entry(name);
    if (known) return known;
    const slot = this.#free.pop() ?? this.#entries.length;
    if (slot >= this.#length) this.#grow(Math.max(firstSlots, this.#length * 2));
    const entry: NodeEntry = {
      slot,
      name,
      node: undefined,
      version: (this.#versions += 1),
      pods: new Map(),
      ports: new HostPorts(),
    };
    this.#entries[slot] = entry;
    this.#slots.set(name, slot);
    return entry;
  }

  #grow(length: number): void {
    this.#length = length;
    this.amounts.grow(length);
    this.#counters.grow(length);
    this.#topology.grow(length);
  }

  #freeIfEmpty(entry: NodeEntry): void {
    if (entry.node || entry.pods.size > 0) return;
    this.#slots.delete(entry.name);
    this.#entries[entry.slot] = undefined;
    this.#free.push(entry.slot);
  }
}
