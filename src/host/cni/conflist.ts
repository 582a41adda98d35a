// The CNI configuration of a node: one bridge, addresses from the node's pod CIDR, host ports. The form is CNI's
// specification 0.4.0, which every plugin release since 2018 reads. Imports nothing.

export interface NodeNetwork {
  /** The network's name: part of the names of what plugins leave on the machine. */
  readonly name: string;
  readonly bridge: string;
  /** The node's part of the cluster's pod CIDR: "10.244.0.0/24". */
  readonly podCidr: string;
  /** Where host-local keeps which address is taken. */
  readonly leasesFolder: string;
  readonly mtu?: number;
}

export function printConflist(network: NodeNetwork): string {
  const bridge = {
    type: "bridge",
    bridge: network.bridge,
    isGateway: true,
    isDefaultGateway: true,
    // A pod reaches itself through its own Service.
    hairpinMode: true,
    // Masquerading is one rule of ours for the whole node: network.ts.
    ipMasq: false,
    ...(network.mtu === undefined ? {} : { mtu: network.mtu }),
    ipam: { type: "host-local", ranges: [[{ subnet: network.podCidr }]], dataDir: network.leasesFolder },
  };
  const portmap = { type: "portmap", capabilities: { portMappings: true }, snat: true };
  const list = { cniVersion: "0.4.0", name: network.name, plugins: [bridge, portmap] };
  return JSON.stringify(list, null, 2) + "\n";
}
