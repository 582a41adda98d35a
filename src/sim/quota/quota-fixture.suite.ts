// A cluster of the API server with LimitRanger and ResourceQuota, and the quota controller, in virtual time, for tests.
import { limitRanger } from "../../apiserver/admission/limit-ranger.ts";
import { namespaceLifecycle } from "../../apiserver/admission/namespace-lifecycle.ts";
import { priority } from "../../apiserver/admission/priority.ts";
import { resourceQuota as resourceQuotaPlugin } from "../../apiserver/admission/resource-quota.ts";
import { createApiServer } from "../../apiserver/api-server.ts";
import { unionAuthorizer } from "../../apiserver/authorization/authorizers.ts";
import { RbacAuthorizer } from "../../apiserver/authorization/rbac-authorizer.ts";
import {
  bootstrapClusterRoleBindings,
  bootstrapClusterRoles,
  bootstrapPriorityClasses,
} from "../../apiserver/bootstrap/policy.gen.ts";
import type { Authorizer } from "../../apiserver/ports.ts";
import { StatusError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { seededRandom } from "../../base/random.ts";
import { createClient } from "../../client/api-client.ts";
import type { Client } from "../../client/client.ts";
import { createEventRecorder } from "../../client/event-recorder.ts";
import { InformerSet } from "../../client/informer-set.ts";
import { resourceQuotaController } from "../../controllers/resource-quota/resource-quota-controller.ts";
import { runControllers } from "../../controllers/runner.ts";
import { rootCaPublisher } from "../../controllers/service-account/root-ca-publisher.ts";
import { namespace as namespaceKind } from "../../kinds/core/namespace.ts";
import { resourceQuota as quotaKind } from "../../kinds/core/resource-quota.ts";
import { builtInDefinitions } from "../../kinds/definitions/all.gen.ts";
import { builtInKinds, laterKinds } from "../../kinds/index.ts";
import { clusterRoleBinding } from "../../kinds/rbac/cluster-role-binding.ts";
import { clusterRole } from "../../kinds/rbac/cluster-role.ts";
import type { Transport, UserInfo } from "../../kinds/request.ts";
import { priorityClass } from "../../kinds/scheduling/priority-class.ts";
import type { ResourceQuota } from "../../kinds/types/core-v1.gen.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { createVirtualClock, type VirtualClock } from "../virtual-clock.ts";

const allKinds = [...new Set([...builtInKinds, ...laterKinds])];
export const masters: UserInfo = { username: "bhv", groups: ["system:masters", "system:authenticated"] };
const controllerUser = (name: string): UserInfo => ({
  username: `system:serviceaccount:kube-system:${name}`,
  groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
});
const mastersOnly: Authorizer = {
  authorize: ({ user }) => ({ allowed: user.groups.includes("system:masters"), reason: "" }),
  rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
};

/** Through the API itself, as the control plane does it. */
export function updateQuotaStatus(client: () => Client) {
  return async (quota: ResourceQuota): Promise<ResourceQuota | undefined> => {
    try {
      return await client().update(quotaKind, quota, { subresource: "status" });
    } catch (error) {
      if (error instanceof StatusError && (error.code === 409 || error.code === 404)) return undefined;
      throw error;
    }
  };
}

export interface QuotaFixture {
  readonly clock: VirtualClock;
  readonly handle: Transport;
  readonly client: Client;
  /** What was logged as an error. */
  readonly failures: string[];
  stop(): void;
}

async function fill(client: Client, namespaces: readonly string[]): Promise<void> {
  for (const one of bootstrapPriorityClasses) await client.create(priorityClass, one as never);
  const names = ["resourcequota-controller", "root-ca-cert-publisher"].map((name) => `system:controller:${name}`);
  for (const role of bootstrapClusterRoles.filter(({ metadata }) => names.includes(metadata.name))) {
    await client.create(clusterRole, role as never);
  }
  for (const binding of bootstrapClusterRoleBindings.filter(({ metadata }) => names.includes(metadata.name))) {
    await client.create(clusterRoleBinding, binding as never);
  }
  for (const name of namespaces) await client.create(namespaceKind, { metadata: { name } });
}

async function settle(): Promise<void> {
  for (let round = 0; round < 2000; round += 1) await Promise.resolve();
}

async function startServer(clock: VirtualClock, log: Log) {
  let ids = 0;
  const clientOf = (user: UserInfo): Client => createClient(server.handle, { user, userAgent: "bhv/1" });
  const server = await createApiServer({
    kinds: allKinds,
    definitions: builtInDefinitions,
    ports: {
      store: createMemoryStore({ clock }),
      clock,
      random: seededRandom(1),
      crypto: {
        uuid: () => `00000000-0000-0000-0000-${String((ids += 1)).padStart(12, "0")}`,
        randomBytes: (length) => new Uint8Array(length),
        sha256: () => new Uint8Array(32),
      },
      log,
    },
    access: (reader) => ({
      authenticator: { authenticate: ({ peer }) => peer.user },
      authorizer: unionAuthorizer([mastersOnly, new RbacAuthorizer(reader)]),
      admission: [
        namespaceLifecycle(reader),
        limitRanger(reader),
        priority(reader),
        resourceQuotaPlugin(
          reader,
          updateQuotaStatus(() => clientOf(masters)),
        ),
      ],
    }),
  });
  return { server, clientOf };
}

export async function startQuotas(namespaces: readonly string[]): Promise<QuotaFixture> {
  const clock = createVirtualClock(Date.UTC(2026, 0, 1), settle);
  const failures: string[] = [];
  const error = (message: string, fields?: object): void => {
    failures.push(`${message} ${Object.values(fields ?? {}).join(" ")}`);
  };
  const log: Log = { info() {}, error, with: () => log };
  const { server, clientOf } = await startServer(clock, log);
  const client = clientOf(masters);
  await fill(client, namespaces);
  const stopping = new AbortController();
  const informers = new InformerSet(client, clock, log, stopping.signal);
  const started = runControllers(
    [resourceQuotaController({ kinds: () => allKinds, charged: true }), rootCaPublisher("authority")] as never,
    {
      informers,
      clock,
      log,
      clientFor: (name) => clientOf(controllerUser(name)),
      recorderFor: (component) =>
        createEventRecorder(clientOf(controllerUser(component)), { component }, { clock, log }),
    },
    stopping.signal,
  );
  await clock.settle();
  await started;
  await clock.settle();
  return {
    clock,
    handle: server.handle,
    client,
    failures,
    stop() {
      stopping.abort();
      server.close();
    },
  };
}
