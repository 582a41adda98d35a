// Deletes bootstrap tokens that have expired. Upstream: pkg/controller/bootstrap/tokencleaner.go. May import src/base,
// src/kinds, src/client.
import { secret as secretKind } from "../../kinds/core/secret.ts";
import type { Secret } from "../../kinds/types/core-v1.gen.ts";
import { type Controller, keyOf, type Source, splitKey } from "../controller.ts";

const tokenType = "bootstrap.kubernetes.io/token";
const tokenNamespace = "kube-system";

const isToken = ({ type, metadata }: Secret): boolean => type === tokenType && metadata.namespace === tokenNamespace;
const secrets: Source<Secret> = {
  kind: secretKind,
  keysOf: (object) => (isToken(object) ? [keyOf(object)] : []),
};

/** When a token expires; undefined: never. Text that is no time has expired: nobody can say that it is still good. */
function expiryMs(secret: Secret): number | undefined {
  const encoded = secret.data?.["expiration"];
  if (encoded === undefined) return undefined;
  const parsed = Date.parse(atob(encoded));
  return Number.isNaN(parsed) ? 0 : parsed;
}

export const tokenCleaner: Controller = {
  name: "token-cleaner",
  sources: [secrets],
  workers: 1,
  reconcile(key, view, nowMs) {
    const found = view.get(secretKind, ...splitKey(key));
    const expiresAtMs = found && expiryMs(found);
    if (!found || expiresAtMs === undefined || found.metadata.deletionTimestamp) return { changes: [] };
    if (expiresAtMs > nowMs) return { changes: [], requeueAtMs: expiresAtMs };
    return { changes: [{ do: "delete", kind: secretKind, object: found }] };
  },
};
