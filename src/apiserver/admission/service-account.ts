// ServiceAccount: every pod runs as an account of its namespace and finds its token in a volume. Upstream:
// plugin/pkg/admission/serviceaccount. May import src/base and src/kinds.
import { type Random, randomSuffix } from "../../base/random.ts";
import { serviceAccount as serviceAccountKind } from "../../kinds/core/service-account.ts";
import type { Draft } from "../../kinds/object.ts";
import type { Container, Pod, PodSpec, ServiceAccount, Volume } from "../../kinds/types/core-v1.gen.ts";
import type { ObjectReader } from "../object-reader.ts";
import type { AdmissionContext, AdmissionPlugin } from "../ports.ts";
import { isFor, refuse } from "./refuse.ts";

const mirrorAnnotation = "kubernetes.io/config.mirror";
const enforceMountableAnnotation = "kubernetes.io/enforce-mountable-secrets";
const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
const volumePrefix = "kube-api-access-";
/** One hour and some seconds: the odd number marks tokens that the API server may extend. */
const tokenExpirationSeconds = 60 * 60 + 7;
const volumeFileMode = 0o644;

function tokenVolume(name: string): Draft<Volume> {
  const namespaceItem = { path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } };
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenExpirationSeconds, path: "token" } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        { downwardAPI: { items: [namespaceItem] } },
      ],
      defaultMode: volumeFileMode,
    },
  };
}

const automounts = (account: ServiceAccount, spec: PodSpec): boolean =>
  spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;

function mountToken(spec: Draft<PodSpec>, random: Random): void {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])] as Draft<Container>[];
  const lacking = containers.filter((one) => !one.volumeMounts?.some((mount) => mount.mountPath === mountPath));
  if (lacking.length === 0) return;
  const existing = spec.volumes?.find((volume) => volume.name?.startsWith(volumePrefix));
  const name = existing?.name ?? volumePrefix + randomSuffix(random, 5);
  if (!existing) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
  for (const container of lacking) {
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }];
  }
}

/** Secrets that a pod names, with the words upstream uses for where. */
function* namedSecrets(spec: PodSpec): Generator<[string, string]> {
  for (const volume of spec.volumes ?? []) {
    if (volume.secret?.secretName) yield [volume.secret.secretName, "volume with"];
  }
  for (const kind of ["initContainers", "containers"] as const) {
    for (const container of spec[kind] ?? []) {
      for (const { name, valueFrom } of container.env ?? []) {
        const key = valueFrom?.secretKeyRef?.name;
        if (key) yield [key, `container ${container.name} with envVar ${name} referencing`];
      }
    }
  }
}

function checkMountableSecrets(context: AdmissionContext, account: ServiceAccount, spec: PodSpec): void {
  const allowed = new Set((account.secrets ?? []).map((reference) => reference.name));
  for (const [secret, where] of namedSecrets(spec)) {
    if (allowed.has(secret)) continue;
    const name = `service account ${context.namespace}/${account.metadata.name}`;
    const quoted = JSON.stringify(secret);
    throw refuse(
      context,
      `${where} secret.secretName=${quoted} is not allowed because ${name} does not reference that secret`,
    );
  }
}

/** A pod that a kubelet made from a file may not lean on what only the API has. */
function checkMirrorPod(context: AdmissionContext, spec: PodSpec): void {
  if (spec.serviceAccountName) throw refuse(context, "a mirror pod may not reference service accounts");
  const usesSecrets = [...namedSecrets(spec)].length > 0;
  if (usesSecrets) throw refuse(context, "a mirror pod may not reference secrets");
  if (spec.volumes?.some((volume) => volume.projected?.sources?.some((source) => source.serviceAccountToken))) {
    throw refuse(context, "a mirror pod may not use ServiceAccountToken volume projections");
  }
}

export function serviceAccount(reader: ObjectReader, random: Random): AdmissionPlugin {
  return {
    name: "ServiceAccount",
    operations: ["CREATE"],
    mutate(context) {
      if (!isFor(context, "pods")) return;
      const pod = context.object as Draft<Pod>;
      const spec = pod.spec!;
      if (pod.metadata?.annotations?.[mirrorAnnotation] !== undefined) {
        checkMirrorPod(context, spec as PodSpec);
        return;
      }
      if (!spec.serviceAccountName) {
        spec.serviceAccountName = "default";
        spec.serviceAccount = "default";
      }
      const account = accountOf(reader, context, spec.serviceAccountName);
      if (automounts(account, spec as PodSpec)) mountToken(spec, random);
      if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
        spec.imagePullSecrets = account.imagePullSecrets.map(({ name }) => ({ name }));
      }
    },
    validate(context) {
      if (!isFor(context, "pods")) return;
      const { metadata, spec } = context.object as unknown as Pod;
      if (metadata.annotations?.[mirrorAnnotation] !== undefined) return;
      const account = accountOf(reader, context, spec.serviceAccountName ?? "default");
      if (account.metadata.annotations?.[enforceMountableAnnotation] === "true") {
        checkMountableSecrets(context, account, spec);
      }
    },
  };
}

function accountOf(reader: ObjectReader, context: AdmissionContext, name: string): ServiceAccount {
  const account = reader.get(serviceAccountKind, context.namespace, name);
  if (account) return account;
  const quoted = JSON.stringify(name);
  throw refuse(
    context,
    `error looking up service account ${context.namespace}/${name}: serviceaccount ${quoted} not found`,
  );
}
