// Every namespace has the ConfigMap kube-root-ca.crt, by which pods know the API server. Upstream:
// pkg/controller/certificates/rootcacertpublisher. May import src/base, src/kinds, src/client.
import { configMap as configMapKind } from "../../kinds/core/config-map.ts";
import { namespace as namespaceKind } from "../../kinds/core/namespace.ts";
import type { ConfigMap, Namespace } from "../../kinds/types/core-v1.gen.ts";
import { type Controller, keyOf, type Source } from "../controller.ts";

const mapName = "kube-root-ca.crt";
const annotation = "kubernetes.io/description";
/** The text is upstream's own: clients compare the object. */
const description =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the " +
  "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

export function rootCaPublisher(authorityPem: string): Controller {
  const namespaces: Source<Namespace> = { kind: namespaceKind, keysOf: (object) => [keyOf(object)] };
  const maps: Source<ConfigMap> = {
    kind: configMapKind,
    keysOf: ({ metadata }) => (metadata.name === mapName ? [metadata.namespace!] : []),
  };
  const data = { "ca.crt": authorityPem };
  return {
    name: "root-ca-cert-publisher",
    sources: [namespaces, maps],
    workers: 5,
    reconcile(key, view) {
      const namespace = view.get(namespaceKind, undefined, key);
      if (namespace?.status?.phase !== "Active" || namespace.metadata.deletionTimestamp) return { changes: [] };
      const found = view.get(configMapKind, key, mapName);
      if (!found) {
        const metadata = { name: mapName, namespace: key, annotations: { [annotation]: description } };
        return { changes: [{ do: "create", kind: configMapKind, object: { metadata, data } }] };
      }
      const { annotations } = found.metadata;
      const right = JSON.stringify(found.data) === JSON.stringify(data) && annotations?.[annotation] !== undefined;
      if (right) return { changes: [] };
      const metadata = { ...found.metadata, annotations: { ...annotations, [annotation]: description } };
      return { changes: [{ do: "update", kind: configMapKind, object: { ...found, metadata, data } as never }] };
    },
  };
}
