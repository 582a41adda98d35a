// Every namespace has its `default` service account. Upstream: pkg/controller/serviceaccount. May import src/base,
// src/kinds, src/client.
import { namespace as namespaceKind } from "../../kinds/core/namespace.ts";
import { serviceAccount as serviceAccountKind } from "../../kinds/core/service-account.ts";
import type { Namespace, ServiceAccount } from "../../kinds/types/core-v1.gen.ts";
import { type Controller, keyOf, type Source } from "../controller.ts";

const accountName = "default";

const namespaces: Source<Namespace> = { kind: namespaceKind, keysOf: (object) => [keyOf(object)] };
const accounts: Source<ServiceAccount> = {
  kind: serviceAccountKind,
  keysOf: ({ metadata }) => (metadata.name === accountName ? [metadata.namespace!] : []),
};

export const serviceAccountController: Controller = {
  name: "service-account-controller",
  sources: [namespaces, accounts],
  workers: 5,
  reconcile(key, view) {
    const namespace = view.get(namespaceKind, undefined, key);
    if (namespace?.status?.phase !== "Active" || namespace.metadata.deletionTimestamp) return { changes: [] };
    if (view.get(serviceAccountKind, key, accountName)) return { changes: [] };
    const object = { metadata: { name: accountName, namespace: key } };
    return { changes: [{ do: "create", kind: serviceAccountKind, object }] };
  },
};
