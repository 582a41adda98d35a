// ServiceAccounts. May import src/base.
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { columns, defineKind } from "../meta/define-kind.ts";
import type { Draft } from "../object.ts";
import type { ServiceAccount } from "../types/core-v1.gen.ts";

const enforceMountable = "kubernetes.io/enforce-mountable-secrets";

// Of a reference to a secret only the name counts.
function cleanSecrets(draft: Draft<ServiceAccount>): void {
  if (draft.secrets) draft.secrets = draft.secrets.map(({ name }) => (name ? { name } : {}));
}

const strategy: Strategy<ServiceAccount> = {
  allowUnconditionalUpdate: true,
  metadataChecks: { updateAsCreate: 1 },
  prepareForCreate: cleanSecrets,
  prepareForUpdate: cleanSecrets,
  warnings({ metadata }, old) {
    const has = (annotations: Readonly<Record<string, string>> | undefined): boolean =>
      Object.hasOwn(annotations ?? {}, enforceMountable);
    if (!has(metadata.annotations) || has(old?.metadata.annotations)) return [];
    const advice = "prefer separate namespaces to isolate access to mounted secrets";
    return [`metadata.annotations[${enforceMountable}]: deprecated in v1.32+; ${advice}`];
  },
};

export const serviceAccount = defineKind<ServiceAccount>({
  group: "",
  version: "v1",
  kind: "ServiceAccount",
  plural: "serviceaccounts",
  shortNames: ["sa"],
  namespaced: true,
  definition: "core.v1.ServiceAccount",
  storageKey: "serviceaccounts",
  subresources: [
    {
      name: "token",
      verbs: ["create"],
      body: {
        group: "authentication.k8s.io",
        version: "v1",
        kind: "TokenRequest",
        definition: "authentication.v1.TokenRequest",
      },
    },
  ],
  columns: columns("Name:name", "Age"),
  cells: ({ metadata }, nowMs) => [metadata.name, humanAge(metadata.creationTimestamp, nowMs)],
  strategy,
});
