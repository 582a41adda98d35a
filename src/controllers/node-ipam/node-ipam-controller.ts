// Gives every node its part of the cluster's pod CIDR. Upstream: pkg/controller/nodeipam, range allocator. May import src/base,
// src/kinds, src/client.
import { node as nodeKind } from "../../kinds/core/node.ts";
import type { Node } from "../../kinds/types/core-v1.gen.ts";
import { type Controller, keyOf, type Source, type View } from "../controller.ts";

/** Upstream: --node-cidr-mask-size, 24 for IPv4. */
const nodePrefixLength = 24;

/** The node parts of a CIDR such as "10.244.0.0/16", in order. */
export function nodeCidr(clusterCidr: string, index: number): string | undefined {
  const [address = "", length = ""] = clusterCidr.split("/");
  const parts = 2 ** Math.max(0, nodePrefixLength - Number(length));
  if (index >= parts) return undefined;
  const bytes = address.split(".").map(Number);
  const base = ((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8)) >>> 0;
  const number = base + index * 2 ** (32 - nodePrefixLength);
  const dotted = [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
  return `${dotted}/${nodePrefixLength}`;
}

const nodes: Source<Node> = {
  kind: nodeKind,
  keysOf: (object) => [keyOf(object)],
};

function freeCidr(clusterCidr: string, view: View): string | undefined {
  const taken = new Set(view.list(nodeKind).map((node) => node.spec.podCIDR));
  for (let index = 0; ; index += 1) {
    const cidr = nodeCidr(clusterCidr, index);
    if (cidr === undefined || !taken.has(cidr)) return cidr;
  }
}

export function nodeIpamController(clusterCidr: string): Controller {
  return {
    name: "node-controller",
    sources: [nodes],
    // One at a time: two nodes must not be given the same part.
    workers: 1,
    reconcile(key, view) {
      const node = view.get(nodeKind, undefined, key);
      if (!node || node.spec.podCIDR) return { changes: [] };
      const podCIDR = freeCidr(clusterCidr, view);
      if (podCIDR === undefined) {
        const message = `Node ${key} status is now: CIDRNotAvailable`;
        return { changes: [{ do: "event", about: node, type: "Normal", reason: "CIDRNotAvailable", message }] };
      }
      const patch = { spec: { podCIDR, podCIDRs: [podCIDR] } };
      return { changes: [{ do: "patch", kind: nodeKind, name: key, patch, options: { type: "strategic" } }] };
    },
  };
}
