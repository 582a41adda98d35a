// The control plane in one process: the API server over a store, its first objects, and the controllers. Every part is a
// client of the API under its own identity. May import all layers but the machine's.
import { createApiServer, type ApiServer } from "../apiserver/api-server.ts";
import { defaultTolerationSeconds } from "../apiserver/admission/default-toleration-seconds.ts";
import { namespaceLifecycle } from "../apiserver/admission/namespace-lifecycle.ts";
import { nodeRestriction } from "../apiserver/admission/node-restriction.ts";
import { limitRanger } from "../apiserver/admission/limit-ranger.ts";
import { priority } from "../apiserver/admission/priority.ts";
import { rbacEscalation } from "../apiserver/admission/rbac-escalation.ts";
import { resourceQuota, type UpdateQuotaStatus } from "../apiserver/admission/resource-quota.ts";
import { runtimeClass } from "../apiserver/admission/runtime-class.ts";
import { serviceAccount } from "../apiserver/admission/service-account.ts";
import { serviceAddresses } from "../apiserver/admission/service-addresses.ts";
import { defaultStorageClass, storageObjectInUseProtection } from "../apiserver/admission/storage-protection.ts";
import { taintNodesByCondition } from "../apiserver/admission/taint-nodes-by-condition.ts";
import { createAuthenticator } from "../apiserver/authentication/authenticator.ts";
import { ServiceAccountTokens } from "../apiserver/authentication/service-account-tokens.ts";
import type { TokenVerifier } from "../apiserver/authentication/token-verifier.ts";
import { unionAuthorizer } from "../apiserver/authorization/authorizers.ts";
import { NodeAuthorizer } from "../apiserver/authorization/node-authorizer.ts";
import { RbacAuthorizer } from "../apiserver/authorization/rbac-authorizer.ts";
import type { ObjectReader } from "../apiserver/object-reader.ts";
import type { NodeConnector, TokenIssuer } from "../apiserver/ports.ts";
import type { Ports } from "../apiserver/server.ts";
import type { Clock } from "../base/clock.ts";
import { StatusError } from "../base/errors.ts";
import type { Crypto } from "../base/crypto.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { createClient } from "../client/api-client.ts";
import type { Client } from "../client/client.ts";
import { createEventRecorder } from "../client/event-recorder.ts";
import { InformerSet } from "../client/informer-set.ts";
import { builtInControllers } from "../controllers/built-in.ts";
import { runControllers } from "../controllers/runner.ts";
import { builtInDefinitions } from "../kinds/definitions/all.gen.ts";
import { resourceQuota as resourceQuotaKind } from "../kinds/core/resource-quota.ts";
import { builtInKinds } from "../kinds/index.ts";
import type { Descriptions } from "../kinds/openapi/schemas.ts";
import type { UserInfo } from "../kinds/request.ts";
import type { ResourceQuota } from "../kinds/types/core-v1.gen.ts";
import type { Store } from "../store/store.ts";
import { ensureBootstrapObjects, ensureKubernetesService } from "./bootstrap-objects.ts";
import { apiServerUser, controllerManagerUser, controllerUser } from "./identities.ts";

export interface ControlPlaneOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly log: Log;
  readonly tokens: TokenIssuer & TokenVerifier;
  /** What kube-root-ca.crt holds. */
  readonly authorityPem: string;
  readonly nodeConnector: NodeConnector;
  /** All pods' addresses: "10.244.0.0/16". */
  readonly podCidr: string;
  /** Services' addresses: "10.96.0.0/16". The first is the API server's own. */
  readonly serviceCidr: string;
  /** Where the API server listens, for the Service `kubernetes`. */
  readonly serverPort: number;
  /** "127.0.0.1:6443", as /api tells it. */
  readonly serverAddress?: string;
  /** The texts of fields, for OpenAPI, Tables and explain: read when first asked for. */
  readonly descriptions?: () => Descriptions | undefined;
}

export interface ControlPlane {
  readonly server: ApiServer;
  /** A client in the same process, as that user. `component` names it in field managers and the audit. */
  client(user: UserInfo, component: string): Client;
  /** Makes a new cluster's first objects and starts the controllers; resolves when all are at work. */
  run(signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Who may: upstream's order of authorizers and admission plugins. */
function accessOf(
  reader: ObjectReader,
  options: ControlPlaneOptions,
  chargeQuota: UpdateQuotaStatus,
): Pick<Ports, "authenticator" | "authorizer" | "admission"> {
  const { tokens, clock, crypto, random } = options;
  const serviceAccountTokens = new ServiceAccountTokens({ verifier: tokens, reader, clock, crypto });
  const rbac = new RbacAuthorizer(reader);
  const authorizer = unionAuthorizer([new NodeAuthorizer(reader), rbac]);
  return {
    authenticator: createAuthenticator({ serviceAccountTokens, audiences: tokens.audiences, anonymous: true }),
    authorizer,
    admission: [
      namespaceLifecycle(reader),
      limitRanger(reader),
      serviceAccount(reader, random, clock),
      nodeRestriction(reader, authorizer),
      taintNodesByCondition,
      priority(reader),
      defaultTolerationSeconds,
      defaultStorageClass(reader),
      storageObjectInUseProtection,
      runtimeClass(reader),
      serviceAddresses({ reader, random, serviceCidr: options.serviceCidr }),
      rbacEscalation(rbac, authorizer),
      // Last: what it has charged must be written.
      resourceQuota(reader, chargeQuota),
    ],
  };
}

/** Writes a quota's status; undefined: somebody else was faster, or it is gone. */
async function chargeQuota(client: Client, quota: ResourceQuota): Promise<ResourceQuota | undefined> {
  try {
    return await client.update(resourceQuotaKind, quota, { subresource: "status" });
  } catch (error) {
    if (error instanceof StatusError && (error.code === 409 || error.code === 404)) return undefined;
    throw error;
  }
}

/** Loads the store's objects and answers requests from then on. Rejects when the store can't be read. */
export async function createControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { store, clock, random, crypto, log, tokens, nodeConnector, serverAddress, descriptions } = options;
  const server = await createApiServer({
    kinds: builtInKinds,
    definitions: builtInDefinitions,
    ports: { store, clock, random, crypto, log, tokenIssuer: tokens, nodeConnector, serverAddress, descriptions },
    access: (reader) =>
      accessOf(reader, options, (quota) => chargeQuota(client(apiServerUser, "kube-apiserver"), quota)),
  });
  const client = (user: UserInfo, component: string): Client =>
    createClient(server.handle, { user, userAgent: `${component}/v1.36.3` });
  return {
    server,
    client,
    async run(signal) {
      const apiServer = client(apiServerUser, "kube-apiserver");
      await ensureBootstrapObjects(apiServer);
      await ensureKubernetesService(apiServer, options.serviceCidr, options.serverPort);
      const informers = new InformerSet(client(controllerManagerUser, "kube-controller-manager"), clock, log, signal);
      await runControllers(
        builtInControllers({ kinds: () => builtInKinds, authorityPem: options.authorityPem, podCidr: options.podCidr }),
        {
          informers,
          clock,
          log,
          clientFor: (name) => client(controllerUser(name), "kube-controller-manager"),
          recorderFor: (name, identity) =>
            createEventRecorder(
              client(controllerUser(identity), "kube-controller-manager"),
              { component: name },
              { clock, log },
            ),
        },
        signal,
      );
    },
    close: () => server.close(),
  };
}
