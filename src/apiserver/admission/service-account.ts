// ServiceAccount: every pod runs as an account of its namespace and finds its token in a volume. Upstream:
// plugin/pkg/admission/serviceaccount. May import src/base and src/kinds.
import { type Clock, sleep } from "../../base/clock.ts";
import { type Random, randomSuffix } from "../../base/random.ts";
import { serviceAccount as serviceAccountKind } from "../../kinds/core/service-account.ts";
import type { Draft } from "../../kinds/object.ts";
import type { Container, Pod, PodSpec, ServiceAccount, Volume } from "../../kinds/types/core-v1.gen.ts";
import { referencesOf } from "../authorization/node-authorizer.ts";
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

type ContainerSecrets = Pick<Container, "name" | "env" | "envFrom">;

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

/** Secrets that containers name, with upstream's words for where. */
function* secretsOfContainers(kind: string, containers: readonly ContainerSecrets[]): Generator<[string, string]> {
  for (const container of containers) {
    for (const { name, valueFrom } of container.env ?? []) {
      const secret = valueFrom?.secretKeyRef?.name;
      if (secret) yield [secret, `${kind} ${container.name} with envVar ${name} referencing`];
    }
    for (const { secretRef } of container.envFrom ?? []) {
      if (secretRef?.name) yield [secretRef.name, `${kind} ${container.name} with envFrom referencing`];
    }
  }
}

function* secretsOf(spec: PodSpec): Generator<[string, string]> {
  for (const { secret } of spec.volumes ?? []) {
    if (secret) yield [secret.secretName ?? "", "volume with"];
  }
  yield* secretsOfContainers("init container", spec.initContainers ?? []);
  yield* secretsOfContainers("container", spec.containers);
}

function checkMountable(context: AdmissionContext, account: ServiceAccount, secrets: Iterable<[string, string]>): void {
  const allowed = new Set((account.secrets ?? []).map((reference) => reference.name));
  for (const [secret, where] of secrets) {
    if (allowed.has(secret)) continue;
    const why = `because service account ${account.metadata.name} does not reference that secret`;
    throw refuse(context, `${where} secret.secretName="${secret}" is not allowed ${why}`);
  }
}

function checkPullSecrets(context: AdmissionContext, account: ServiceAccount, spec: PodSpec): void {
  const allowed = new Set((account.imagePullSecrets ?? []).map((reference) => reference.name));
  for (const [index, { name }] of (spec.imagePullSecrets ?? []).entries()) {
    if (allowed.has(name)) continue;
    const why = `because service account ${account.metadata.name} does not reference that imagePullSecret`;
    throw refuse(context, `imagePullSecrets[${index}].name="${name}" is not allowed ${why}`);
  }
}

/** A pod that a kubelet made from a file may not lean on what only the API has. */
function checkMirrorPod(context: AdmissionContext, spec: PodSpec): void {
  if (spec.serviceAccountName) throw refuse(context, "a mirror pod may not reference service accounts");
  const usesSecrets = [...referencesOf(spec)].some((reference) => reference.startsWith("secrets/"));
  if (usesSecrets) throw refuse(context, "a mirror pod may not reference secrets");
  if (spec.volumes?.some((volume) => volume.projected?.sources?.some((source) => source.serviceAccountToken))) {
    throw refuse(context, "a mirror pod may not use ServiceAccountToken volume projections");
  }
}

/** Waits for the default account of a new namespace. Upstream asks ten times, 100 to 200 ms apart. */
const defaultAccountName = "default";
const defaultAccountTries = 75;
const defaultAccountRetryMs = 20;

async function findAccount(
  reader: ObjectReader,
  clock: Clock,
  context: AdmissionContext,
  name: string,
): Promise<ServiceAccount> {
  const { namespace, signal } = context;
  for (let tries = 1; ; tries += 1) {
    const account = reader.get(serviceAccountKind, namespace, name);
    if (account) return account;
    if (name !== defaultAccountName || tries >= defaultAccountTries) break;
    await sleep(clock, defaultAccountRetryMs, signal);
  }
  const why = `serviceaccount ${JSON.stringify(name)} not found`;
  throw refuse(context, `error looking up service account ${namespace}/${name}: ${why}`);
}

const goTrue = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const limitsSecrets = ({ metadata }: ServiceAccount): boolean =>
  goTrue.has(metadata.annotations?.[enforceMountableAnnotation] ?? "");

export function serviceAccount(reader: ObjectReader, random: Random, clock: Clock): AdmissionPlugin {
  return {
    name: "ServiceAccount",
    operations: ["CREATE", "UPDATE"],
    async mutate(context) {
      if (context.operation !== "CREATE" || !isFor(context, "pods")) return;
      const pod = context.object as Draft<Pod>;
      const spec = pod.spec!;
      if (pod.metadata?.annotations?.[mirrorAnnotation] !== undefined) {
        checkMirrorPod(context, spec as PodSpec);
        return;
      }
      if (!spec.serviceAccountName) {
        spec.serviceAccountName = defaultAccountName;
        spec.serviceAccount = defaultAccountName;
      }
      const account = await findAccount(reader, clock, context, spec.serviceAccountName);
      if (automounts(account, spec as PodSpec)) mountToken(spec, random);
      if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
        spec.imagePullSecrets = account.imagePullSecrets.map(({ name }) => ({ name }));
      }
    },
    async validate(context) {
      const { group, resource } = context.resource;
      const ephemeral = context.operation === "UPDATE" && context.subresource === "ephemeralcontainers";
      if (group !== "" || resource !== "pods" || !(ephemeral || context.operation === "CREATE")) return;
      if (!ephemeral && context.subresource !== "") return;
      const { metadata, spec } = context.object as unknown as Pod;
      if (metadata.annotations?.[mirrorAnnotation] !== undefined) return;
      const account = await findAccount(reader, clock, context, spec.serviceAccountName ?? defaultAccountName);
      if (!limitsSecrets(account)) return;
      if (ephemeral) {
        checkMountable(context, account, secretsOfContainers("ephemeral container", spec.ephemeralContainers ?? []));
        return;
      }
      checkMountable(context, account, secretsOf(spec));
      checkPullSecrets(context, account, spec);
    },
  };
}
