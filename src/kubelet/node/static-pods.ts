// Static pods: manifests in a folder on the node, run without the API, and shown in it by mirror pods
// (pkg/kubelet/config/file.go, pkg/kubelet/pod/mirror_client.go). Imports src/base, src/kinds, src/client.
import { StatusError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Client } from "../../client/client.ts";
import type { Kind } from "../../kinds/kind.ts";
import { deepFreeze, type Draft } from "../../kinds/object.ts";
import { defaultPod } from "../../kinds/pod/defaults.ts";
import { mirrorAnnotation } from "../../kinds/pod/ownership.ts";
import type { Node, Pod } from "../../kinds/types/core-v1.gen.ts";
import type { VolumeHost } from "../volume-host.ts";

const hashAnnotation = "kubernetes.io/config.hash";
const sourceAnnotation = "kubernetes.io/config.source";
const seenAnnotation = "kubernetes.io/config.seen";
const manifestBytesMax = 10 * 1024 * 1024;

export interface StaticPodsOptions {
  readonly folder: string;
  readonly nodeName: string;
  readonly host: VolumeHost;
  /** YAML or JSON to an object. Throws where it is neither. */
  readonly parse: (text: string) => unknown;
  /** Hexadecimal hash of a text: pods' uids are made of it. */
  readonly hash: (text: string) => string;
  readonly log: Log;
}

/** A manifest as a pod of this node. Throws an Error that says what is wrong. */
export function toStaticPod(manifest: unknown, file: string, options: StaticPodsOptions): Pod {
  const draft = structuredClone(manifest) as Draft<Pod> | null;
  if (!draft || draft.kind !== "Pod" || !draft.metadata?.name || !draft.spec?.containers) {
    throw new Error(`invalid pod: ${file}`);
  }
  const { nodeName, hash } = options;
  const uid =
    (draft.metadata.uid as string | undefined) ||
    hash(`${JSON.stringify(manifest)} host:${nodeName} file:${file}`).slice(0, 32);
  const metadata = draft.metadata;
  metadata.uid = uid;
  metadata.name = `${metadata.name}-${nodeName.toLowerCase()}`;
  metadata.namespace ??= "default";
  metadata.annotations = { ...metadata.annotations, [hashAnnotation]: uid, [sourceAnnotation]: "file" };
  draft.spec.nodeName = nodeName;
  draft.spec.tolerations = [...(draft.spec.tolerations ?? []), { operator: "Exists", effect: "NoExecute" }];
  draft.status = { phase: "Pending" };
  defaultPod(draft);
  return deepFreeze(draft) as Pod;
}

/** The pods of a folder's manifests. A file that is none is told of and passed over. */
export async function readStaticPods(options: StaticPodsOptions): Promise<readonly Pod[]> {
  const { folder, host, parse, log } = options;
  if (!(await host.stat(folder))) return [];
  const pods: Pod[] = [];
  for (const name of [...(await host.list(folder))].sort()) {
    if (name.startsWith(".")) continue;
    const path = `${folder}/${name}`;
    try {
      const text = new TextDecoder().decode(await host.readFile(path, manifestBytesMax));
      pods.push(toStaticPod(parse(text), path, options));
    } catch (error) {
      log.error("a static pod's manifest could not be used", { path, error });
    }
  }
  return pods;
}

/** The pod that stands for a static pod in the API. */
export function mirrorOf(pod: Pod, node: Node, seen: string): Draft<Pod> {
  const hash = pod.metadata.annotations?.[hashAnnotation] ?? "";
  const { name, namespace, labels, annotations } = pod.metadata;
  const owner = {
    apiVersion: "v1",
    kind: "Node",
    name: node.metadata.name!,
    uid: node.metadata.uid!,
    controller: true,
  };
  const own = { ...annotations, [mirrorAnnotation]: hash, [seenAnnotation]: seen };
  const metadata = { name: name!, namespace: namespace!, labels, annotations: own, ownerReferences: [owner] };
  return { apiVersion: "v1", kind: "Pod", metadata, spec: pod.spec } as unknown as Draft<Pod>;
}

/** Makes the mirror what it should be. Resolves to it; undefined where the API refuses. */
export async function ensureMirror(
  client: Client,
  pods: Kind<Pod>,
  pod: Pod,
  node: Node,
  seen: string,
): Promise<Pod | undefined> {
  const { name, namespace } = pod.metadata;
  try {
    const existing = await client.get(pods, name!, namespace);
    const annotations = existing.metadata.annotations ?? {};
    if (annotations[mirrorAnnotation] === pod.metadata.annotations?.[hashAnnotation]) return existing;
    await removeMirror(client, pods, existing);
  } catch (error) {
    // A node that asks for a pod which is not there is told that it may not: the API knows of no relation between them.
    if (!(error instanceof StatusError) || (error.code !== 404 && error.code !== 403)) throw error;
  }
  try {
    return await client.create(pods, mirrorOf(pod, node, seen));
  } catch (error) {
    if (error instanceof StatusError && error.code === 409) return undefined;
    throw error;
  }
}

export async function removeMirror(client: Client, pods: Kind<Pod>, mirror: Pod): Promise<void> {
  const { name, namespace, uid } = mirror.metadata;
  const preconditions = uid ? { preconditions: { uid } } : {};
  try {
    await client.delete(pods, name!, namespace, { gracePeriodSeconds: 0, ...preconditions });
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 404) throw error;
  }
}
