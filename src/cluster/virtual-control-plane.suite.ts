// A control plane in virtual time for tests: the real API server over the memory store, with controllers of the test's
// choice, each under its own identity. Every request that was refused to a component is kept. May import all layers.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { seededRandom } from "../base/random.ts";
import type { Log } from "../base/log.ts";
import type { Client } from "../client/client.ts";
import { InformerSet } from "../client/informer-set.ts";
import { createEventRecorder } from "../client/event-recorder.ts";
import { createClient } from "../client/api-client.ts";
import type { Controller } from "../controllers/controller.ts";
import { runControllers } from "../controllers/runner.ts";
import { systemCrypto } from "../host/clock.ts";
import { createTokenIssuer } from "../host/pki/token-issuer.ts";
import type { UserInfo } from "../kinds/request.ts";
import { createVirtualClock, type VirtualClock } from "../sim/virtual-clock.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { ensureBootstrapObjects } from "./bootstrap-objects.ts";
import { createControlPlane, type ControlPlane } from "./control-plane.ts";
import { apiServerUser, controllerManagerUser, controllerUser } from "./identities.ts";

/** How many turns of the event loop everything that is under way gets before time moves on. */
const settleTurns = 25;
const issuer = "https://kubernetes.default.svc.cluster.local";
let tokenKeyPem: string | undefined;

function tokenKey(): string {
  tokenKeyPem ??= generateKeyPairSync("rsa", { modulusLength: 2048 })
    .privateKey.export({ type: "pkcs8", format: "pem" })
    .toString();
  return tokenKeyPem;
}

export interface Line {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface VirtualControlPlane {
  readonly plane: ControlPlane;
  readonly clock: VirtualClock;
  /** Of system:masters. */
  readonly admin: Client;
  client(user: UserInfo): Client;
  /** What was logged as an error. */
  readonly errors: Line[];
  /** "user: message" of every 403 that was answered to somebody other than `client`'s users. */
  readonly refused: string[];
  run(controllers: readonly Controller<unknown>[]): Promise<void>;
  stop(): void;
}

function keepErrors(errors: Line[], bound: Readonly<Record<string, unknown>> = {}): Log {
  return {
    info() {},
    error: (message, fields = {}) => void errors.push({ message, fields: { ...bound, ...fields } }),
    with: (fields) => keepErrors(errors, { ...bound, ...fields }),
  };
}

/** A new cluster with its first objects; no controller runs yet. */
export async function startVirtualControlPlane(): Promise<VirtualControlPlane> {
  const clock = createVirtualClock(1_700_000_000_000, async () => {
    for (let turn = 0; turn < settleTurns; turn += 1) await setImmediate();
  });
  const errors: Line[] = [];
  const refused: string[] = [];
  const log = keepErrors(errors);
  const crypto = systemCrypto;
  const plane = await createControlPlane({
    store: await createMemoryStore({ clock } as never),
    clock,
    random: seededRandom(1),
    crypto,
    log,
    tokens: createTokenIssuer({ keyPem: tokenKey(), issuer, audiences: [issuer], keySetUrl: "", clock, crypto }),
    authorityPem: "authority",
    nodeConnector: {} as never,
    podCidr: "10.244.0.0/16",
    serviceCidr: "10.96.0.0/16",
    serverPort: 6443,
  } as Parameters<typeof createControlPlane>[0]);
  const watched = (user: UserInfo): Client =>
    createClient(
      async (request) => {
        const reply = await plane.server.handle(request);
        if (reply.status === 403) refused.push(`${user.username}: ${request.method} ${request.path}`);
        return reply;
      },
      { user, userAgent: "kube-controller-manager" },
    );
  const client = (user: UserInfo): Client => plane.client(user, "test");
  const admin = client(apiServerUser);
  await ensureBootstrapObjects(admin);
  const stop = new AbortController();
  const informers = new InformerSet(watched(controllerManagerUser), clock, log, stop.signal);
  return {
    plane,
    clock,
    admin,
    client,
    errors,
    refused,
    run: (controllers) =>
      runControllers(
        controllers,
        {
          informers,
          clock,
          log,
          clientFor: (name) => watched(controllerUser(name)),
          recorderFor: (component, identity) =>
            createEventRecorder(watched(controllerUser(identity)), { component }, { clock, log }),
        },
        stop.signal,
      ),
    stop() {
      stop.abort();
      plane.close();
    },
  };
}

/** Every component has had the rights that it needed, and nothing has failed unexpectedly. */
export function assertUndisturbed({ refused, errors }: VirtualControlPlane): void {
  assert.deepEqual(refused, []);
  assert.deepEqual(errors, []);
}
