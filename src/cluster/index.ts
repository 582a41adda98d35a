// The embeddable library: a cluster, or only its control plane, in the calling process. May import all layers.
export { type Cluster, type ClusterOptions, startCluster } from "./cluster.ts";
export { type ControlPlane, type ControlPlaneOptions, createControlPlane } from "./control-plane.ts";
export { createContainerdNode, createSimulatedNode, type NodeOptions, runtimeLabel } from "./node.ts";
