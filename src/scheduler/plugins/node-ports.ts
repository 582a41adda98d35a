// NodePorts: the ports on the node that the pod wants are free. Source: plugins/nodeports. May import src/base, src/kinds.
import { type MakeFilter, refuse } from "./plugin.ts";

const taken = refuse("NodePorts", "node(s) didn't have free ports for the requested pod ports");

export const nodePorts: MakeFilter = ({ hostPorts }) =>
  hostPorts.length === 0
    ? undefined
    : { plugin: "NodePorts", check: ({ ports }) => (ports.conflicts(hostPorts) ? taken : undefined) };
