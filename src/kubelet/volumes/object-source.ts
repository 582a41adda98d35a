// The objects that pods refer to: ConfigMaps, Secrets, service account tokens, claims. Reads are fresh; while a pod
// refers to an object it is watched, one watch per object however many pods refer to it
// (pkg/kubelet/util/manager: watch-based). Imports src/base, src/kinds, src/client.
import type { Clock } from "../../base/clock.ts";
import { StatusError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Client } from "../../client/client.ts";
import { createInformer } from "../../client/informer.ts";
import type { Kind } from "../../kinds/kind.ts";
import type { KubernetesObject } from "../../kinds/object.ts";
import type { ConfigMap, PersistentVolume, PersistentVolumeClaim, Pod, Secret } from "../../kinds/types/core-v1.gen.ts";

/** The kinds that the node agent reads beside pods and nodes. */
export interface SourceKinds {
  readonly configMaps: Kind<ConfigMap>;
  readonly secrets: Kind<Secret>;
  readonly claims?: Kind<PersistentVolumeClaim>;
  readonly volumes?: Kind<PersistentVolume>;
}

export interface ObjectSource {
  /** undefined: there is none. Rejects where the API could not be asked. */
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
  /** The volume that a claim is bound to; rejects with an Error saying why there is none. */
  claimedVolume(namespace: string, claim: string): Promise<PersistentVolume>;
  /** Watches all that the pod refers to, until forget(); `onChange` is called when one of them changes. */
  follow(pod: Pod, onChange: () => void): void;
  forget(podUid: string): void;
}

interface Watched {
  readonly abort: AbortController;
  readonly listeners: Map<string, () => void>;
}

/** "configMaps/NAMESPACE/NAME" of all that a pod refers to. */
export function referencesOf(pod: Pod): readonly string[] {
  const namespace = pod.metadata.namespace!;
  const found = new Set<string>();
  const add = (kind: "configMaps" | "secrets", name: string | undefined): void => {
    if (name) found.add(`${kind}/${namespace}/${name}`);
  };
  for (const volume of pod.spec.volumes ?? []) {
    add("configMaps", volume.configMap?.name);
    add("secrets", volume.secret?.secretName);
    for (const source of volume.projected?.sources ?? []) {
      add("configMaps", source.configMap?.name);
      add("secrets", source.secret?.name);
    }
  }
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  for (const container of containers) {
    for (const source of container.envFrom ?? []) {
      add("configMaps", source.configMapRef?.name);
      add("secrets", source.secretRef?.name);
    }
    for (const { valueFrom } of container.env ?? []) {
      add("configMaps", valueFrom?.configMapKeyRef?.name);
      add("secrets", valueFrom?.secretKeyRef?.name);
    }
  }
  return [...found];
}

async function find<T extends KubernetesObject>(client: Client, kind: Kind<T>, namespace: string, name: string) {
  try {
    return await client.get(kind, name, namespace);
  } catch (error) {
    if (error instanceof StatusError && error.code === 404) return undefined;
    throw error;
  }
}

export function createObjectSource(client: Client, kinds: SourceKinds, clock: Clock, log: Log): ObjectSource {
  const watched = new Map<string, Watched>();
  const byPod = new Map<string, Set<string>>();

  const start = (key: string): Watched => {
    const [kindName, namespace, name] = key.split("/") as ["configMaps" | "secrets", string, string];
    const watch: Watched = { abort: new AbortController(), listeners: new Map() };
    const options = { namespace, fieldSelector: `metadata.name=${name}`, clock, log };
    const run = <T extends KubernetesObject>(kind: Kind<T>): void => {
      const informer = createInformer(client, kind, options);
      // What the watch begins with has just been read; only what comes after it is news.
      informer.onChange(() => {
        for (const listener of watch.listeners.values()) listener();
      });
      informer.start(watch.abort.signal);
    };
    if (kindName === "configMaps") run(kinds.configMaps);
    else run(kinds.secrets);
    watched.set(key, watch);
    return watch;
  };
  const drop = (podUid: string, key: string): void => {
    const watch = watched.get(key);
    watch?.listeners.delete(podUid);
    if (watch?.listeners.size === 0) {
      watch.abort.abort();
      watched.delete(key);
    }
  };

  return {
    configMap: (namespace, name) => find(client, kinds.configMaps, namespace, name),
    secret: (namespace, name) => find(client, kinds.secrets, namespace, name),
    async claimedVolume(namespace, claim) {
      if (!kinds.claims || !kinds.volumes) throw new Error("persistent volume claims are not supported on this node");
      const found = await client.get(kinds.claims, claim, namespace);
      const name = found.spec?.volumeName;
      if (!name || found.status?.phase !== "Bound") {
        const phase = found.status?.phase ?? "";
        throw new Error(
          `PVC ${namespace}/${claim} has non-bound phase ("${phase}") or empty pvc.Spec.VolumeName ("${name ?? ""}")`,
        );
      }
      return client.get(kinds.volumes, name);
    },
    follow(pod, onChange) {
      const podUid = pod.metadata.uid!;
      const wanted = new Set(referencesOf(pod));
      const before = byPod.get(podUid) ?? new Set();
      for (const key of before) if (!wanted.has(key)) drop(podUid, key);
      for (const key of wanted) (watched.get(key) ?? start(key)).listeners.set(podUid, onChange);
      byPod.set(podUid, wanted);
    },
    forget(podUid) {
      for (const key of byPod.get(podUid) ?? []) drop(podUid, key);
      byPod.delete(podUid);
    },
  };
}
