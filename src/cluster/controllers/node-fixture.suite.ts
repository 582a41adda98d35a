// Nodes and pods for tests of controllers that watch over nodes. May import all layers.
import type { Client } from "../../client/client.ts";
import { toMicroTime } from "../../base/clock.ts";
import { lease } from "../../kinds/coordination/lease.ts";
import { event } from "../../kinds/core/event.ts";
import { node } from "../../kinds/core/node.ts";
import { pod } from "../../kinds/core/pod.ts";
import { serviceAccount } from "../../kinds/core/service-account.ts";
import type { Node, Pod } from "../../kinds/types/core-v1.gen.ts";

const conditionsOf = (ready: string): object[] =>
  ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"].map((type) => ({
    type,
    status: type === "Ready" ? ready : "False",
    reason: "Reported",
    message: "",
    lastHeartbeatTime: "2023-11-14T22:13:20Z",
    lastTransitionTime: "2023-11-14T22:13:20Z",
  }));

/** A node that reports itself ready. */
export async function addNode(admin: Client, name: string, ready = "True"): Promise<Node> {
  await admin.create(node, {
    metadata: { name, labels: { "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64" } },
  });
  const patch = { status: { conditions: conditionsOf(ready) } } as never;
  return admin.patch(node, name, undefined, patch, { type: "merge", subresource: "status" });
}

/** The node is heard of. */
export async function renewLease(admin: Client, name: string, nowMs: number): Promise<void> {
  const renewTime = toMicroTime(nowMs);
  const metadata = { name, namespace: "kube-node-lease" };
  const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime };
  await admin
    .patch(lease, name, metadata.namespace, { spec }, { type: "merge" })
    .catch(() => admin.create(lease, { metadata, spec }));
}

/** A pod that runs on the node and is ready. */
export async function addPod(admin: Client, name: string, nodeName?: string, more: object = {}): Promise<Pod> {
  await admin.create(serviceAccount, { metadata: { name: "default", namespace: "default" } }).catch(() => {});
  const metadata = { name, namespace: "default" };
  const { metadata: moreMetadata, ...moreSpec } = more as { metadata?: object };
  const spec = { nodeName, containers: [{ name: "c", image: "i" }], ...moreSpec };
  const created = await admin.create(pod, { metadata: { ...metadata, ...moreMetadata }, spec } as never);
  if (!nodeName) return created;
  const time = "2023-11-14T22:13:20Z";
  const conditions = [{ type: "Ready", status: "True", lastTransitionTime: time }];
  const patch = { status: { phase: "Running", conditions } } as never;
  return admin.patch(pod, name, "default", patch, { type: "merge", subresource: "status" });
}

export const podsOf = async (admin: Client): Promise<readonly Pod[]> =>
  (await admin.list(pod, { namespace: "default" })).items.map((ref) => ref.object());

/** "kind/name reason message" of all events, sorted by nothing but their writing. */
export async function eventsOf(admin: Client): Promise<string[]> {
  const { items } = await admin.list(event);
  return items.map((ref) => {
    const { involvedObject, reason, message } = ref.object();
    return `${involvedObject.kind}/${involvedObject.name} ${reason} ${message}`;
  });
}
