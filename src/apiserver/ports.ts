// What the API server asks of others: who a client is, whether it may, what a write becomes on its way, tokens, and the
// way to the nodes. Each is implemented elsewhere (authentication, authorization, admission, the kubelet) and passed in.
// May import src/base and src/kinds.
import type { Kind } from "../kinds/kind.ts";
import type { JsonObject, KubernetesObject } from "../kinds/object.ts";
import type { ApiReply, ApiRequest, LogOptions, RemoteCommandOptions, Upgrade, UserInfo } from "../kinds/request.ts";

/** The audiences of a token that was accepted, and whose it is. */
export interface TokenIdentity {
  readonly user: UserInfo;
  readonly audiences: readonly string[];
}

export interface Authenticator {
  /**
   * Whose request it is. undefined: nothing that is known was presented, and anonymous requests are refused.
   * Throws errors.unauthorized for credentials that are wrong.
   */
  authenticate(request: ApiRequest): Promise<UserInfo | undefined> | UserInfo | undefined;
  /** For TokenReview. `audiences` empty: the API server's own. Rejects with an Error whose message the review shows. */
  authenticateToken?(token: string, audiences: readonly string[]): Promise<TokenIdentity | undefined>;
}

export interface SelectorRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

/** What a request wants to do. Names as in RBAC. */
export interface Attributes {
  readonly user: UserInfo;
  readonly verb: string;
  readonly namespace: string;
  readonly apiGroup: string;
  readonly apiVersion: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** false: `path` counts, and none of the above but the user and the verb. */
  readonly resourceRequest: boolean;
  readonly path: string;
  /** Requirements of the selectors of list, watch and deletecollection; absent: none, or they could not be parsed. */
  readonly fieldSelector?: readonly SelectorRequirement[];
  readonly labelSelector?: readonly SelectorRequirement[];
}

export interface Decision {
  readonly allowed: boolean;
  /** No authorizer had an opinion and somebody said no: SubjectAccessReview's `denied`. */
  readonly denied?: boolean;
  readonly reason: string;
  /** An error on the way to the decision, as SubjectAccessReview's evaluationError shows it. */
  readonly error?: string;
}

export interface ResourceRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}
export interface NonResourceRule {
  readonly verbs: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}
export interface RuleList {
  readonly resourceRules: readonly ResourceRule[];
  readonly nonResourceRules: readonly NonResourceRule[];
  /** Not all rules could be listed. */
  readonly incomplete: boolean;
  readonly evaluationError?: string;
}

export interface Authorizer {
  authorize(attributes: Attributes): Promise<Decision> | Decision;
  /** For SelfSubjectRulesReview. */
  rulesFor(user: UserInfo, namespace: string): Promise<RuleList> | RuleList;
}

export type AdmissionOperation = "CREATE" | "UPDATE" | "DELETE" | "CONNECT";

/** One write on its way through admission. */
export interface AdmissionContext {
  readonly operation: AdmissionOperation;
  readonly kind: Kind;
  readonly resource: { readonly group: string; readonly version: string; readonly resource: string };
  readonly subresource: string;
  readonly name: string;
  readonly namespace: string;
  readonly user: UserInfo;
  /** The kind of `object`, where a subresource has a body of its own (Scale, Eviction, PodExecOptions …). */
  readonly objectKind: { readonly group: string; readonly version: string; readonly kind: string };
  /** The new object; a mutating plugin may change it in place, or set another. undefined for DELETE. */
  object: JsonObject | undefined;
  /** The object as it is stored; undefined for CREATE. */
  readonly oldObject: KubernetesObject | undefined;
  /** CreateOptions, UpdateOptions, DeleteOptions as JSON; undefined for CONNECT. */
  readonly options: JsonObject | undefined;
  readonly dryRun: boolean;
  readonly nowMs: number;
  /** Aborted when the client is gone or the request's time is over. */
  readonly signal: AbortSignal;
  /** A `Warning: 299` header of the reply. */
  addWarning(text: string): void;
  addAuditAnnotation(key: string, value: string): void;
}

/**
 * One step of admission, in the order of the list that the server was made with: all mutate() first, then (after
 * validation) all validate(). A plugin that refuses throws a StatusError, usually errors.forbidden.
 */
export interface AdmissionPlugin {
  readonly name: string;
  readonly operations: readonly AdmissionOperation[];
  /** Mutates again after a later plugin changed the object, where it asks for that. */
  mutate?(context: AdmissionContext): Promise<void> | void;
  validate?(context: AdmissionContext): Promise<void> | void;
  /**
   * Called when a write that passed validate() of this plugin ended: quota gives back what it took where the write
   * failed.
   */
  finish?(context: AdmissionContext, succeeded: boolean): void;
}

export interface TokenRequestSpec {
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly boundObjectRef?: {
    readonly kind: string;
    readonly apiVersion: string;
    readonly name: string;
    readonly uid: string;
  };
}
export interface IssuedToken {
  readonly token: string;
  readonly expirationTimestamp: string;
}

/** Service accounts' tokens. */
export interface TokenIssuer {
  /** `bound` is the object of boundObjectRef, and `node` that of a bound pod, where they were found. */
  issue(
    account: KubernetesObject,
    spec: TokenRequestSpec,
    bound: { readonly pod?: KubernetesObject; readonly node?: KubernetesObject; readonly secret?: KubernetesObject },
  ): Promise<IssuedToken>;
  /** The audiences of a token for which none were asked. */
  readonly audiences: readonly string[];
  /** The JSON documents of OpenID discovery. */
  openIdConfiguration(): Promise<JsonObject>;
  keySet(): Promise<JsonObject>;
}

/** A request that is passed on to a pod, a service or a node. */
export interface ProxyTarget {
  readonly kind: "pod" | "service" | "node";
  readonly namespace: string;
  /** "name", "name:port" or "scheme:name:port", as it was in the path. */
  readonly name: string;
  readonly object: KubernetesObject;
  /** What is left of the path, with its leading slash. */
  readonly path: string;
  /** The request's own path up to `path`, for redirects and links. */
  readonly prefix: string;
}

/** The way to the kubelets: a call in one process, HTTPS to the node over a network. All reject with StatusError. */
export interface NodeConnector {
  logs(pod: KubernetesObject, options: LogOptions, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  exec(pod: KubernetesObject, options: RemoteCommandOptions): Promise<Upgrade>;
  attach(pod: KubernetesObject, options: RemoteCommandOptions): Promise<Upgrade>;
  portForward(pod: KubernetesObject, ports: readonly number[]): Promise<Upgrade>;
  proxy(target: ProxyTarget, request: ApiRequest): Promise<ApiReply>;
}

/** One check of /healthz, /livez and /readyz. Resolves to nothing when it is well, rejects with the reason when not. */
export interface HealthCheck {
  readonly name: string;
  /** In which of the three endpoints it takes part. */
  readonly endpoints: readonly ("healthz" | "livez" | "readyz")[];
  check(): Promise<void> | void;
}

/** What serves paths that are not the server's own kinds: aggregated API servers. undefined: not its path. */
export type Delegate = (request: ApiRequest, user: UserInfo) => Promise<ApiReply | undefined>;
