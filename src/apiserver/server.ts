// What the parts of the API server share: the server's own state, and one request's. May import src/base, src/kinds,
// src/store.
import type { Clock } from "../base/clock.ts";
import type { Crypto } from "../base/crypto.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Descriptions } from "../kinds/openapi/schemas.ts";
import type { ApiRequest, UserInfo } from "../kinds/request.ts";
import type { Store } from "../store/store.ts";
import type { MediaType } from "./request/negotiate.ts";
import type {
  AdmissionPlugin,
  Authenticator,
  Authorizer,
  Delegate,
  HealthCheck,
  NodeConnector,
  TokenIssuer,
} from "./ports.ts";
import type { Registry, Resource } from "./registry.ts";
import type { RequestInfo } from "./request/request-info.ts";
import type { ObjectStorage } from "./storage.ts";
import type { Warnings } from "./warnings.ts";

export interface Ports {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly log: Log;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly admission: readonly AdmissionPlugin[];
  readonly tokenIssuer?: TokenIssuer;
  readonly nodeConnector?: NodeConnector;
  readonly healthChecks?: readonly HealthCheck[];
  /** Asked for paths of groups that the server doesn't serve itself. */
  readonly delegate?: Delegate;
  /** Fields' descriptions, for OpenAPI and Tables: they come with the build and are read when first asked for. */
  readonly descriptions?: () => Descriptions | undefined;
  /** The address that /api tells clients, "10.0.0.1:6443". */
  readonly serverAddress?: string;
}

export interface Server {
  readonly ports: Ports;
  readonly registry: Registry;
  readonly storage: ObjectStorage;
  readonly counters: Counters;
}

/** What /metrics counts. */
export interface Counters {
  /** verb, resource and code, joined by a space → requests. */
  readonly requests: Map<string, number>;
  inFlight: number;
  watchers: number;
}

/** One request, once it is known who asks for what. */
export interface RequestContext {
  readonly server: Server;
  readonly request: ApiRequest;
  readonly info: RequestInfo;
  readonly user: UserInfo;
  readonly warnings: Warnings;
  readonly nowMs: number;
}

/** One request for a resource. */
export interface ResourceContext extends RequestContext {
  readonly resource: Resource;
  readonly media: MediaType;
}
