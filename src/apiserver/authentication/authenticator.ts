// Who asks: the process itself, a client certificate, a bearer token, or nobody in particular. Wrong credentials are an
// error, missing ones are the anonymous user. May import src/base and src/kinds.
import { errors } from "../../base/errors.ts";
import type { ApiRequest, Peer, UserInfo } from "../../kinds/request.ts";
import type { Authenticator, TokenIdentity } from "../ports.ts";
import type { ServiceAccountTokens } from "./service-account-tokens.ts";

export interface AuthenticatorOptions {
  readonly serviceAccountTokens: ServiceAccountTokens;
  /** The API server's own audiences: a token for another is not accepted. */
  readonly audiences: readonly string[];
  /** Requests without credentials are system:anonymous; upstream's default. */
  readonly anonymous: boolean;
}

const anonymousUser: UserInfo = { username: "system:anonymous", groups: ["system:unauthenticated"] };
const authenticatedGroup = "system:authenticated";

/** Users of certificates, worked out once for each connection. */
const certificateUsers = new WeakMap<object, UserInfo>();

function certificateUser(peer: Peer): UserInfo | undefined {
  const { certificate } = peer;
  if (!certificate) return undefined;
  const known = certificateUsers.get(certificate);
  if (known) return known;
  const { commonName, organizations, fingerprint } = certificate;
  const user: UserInfo = {
    username: commonName,
    groups: organizations.includes(authenticatedGroup) ? organizations : [...organizations, authenticatedGroup],
    ...(fingerprint ? { extra: { "authentication.kubernetes.io/credential-id": [`X509SHA256=${fingerprint}`] } } : {}),
  };
  certificateUsers.set(certificate, user);
  return user;
}

/** The token of an Authorization header, or of a WebSocket subprotocol (browsers cannot set headers there). */
function bearerToken(request: ApiRequest): string | undefined {
  const header = request.headers["authorization"];
  if (header) {
    const [scheme, token] = header.trim().split(/ +/, 2);
    return scheme?.toLowerCase() === "bearer" && token ? token : undefined;
  }
  const prefix = "base64url.bearer.authorization.k8s.io.";
  const offered = request.upgrade?.subprotocols.find((one) => one.startsWith(prefix));
  if (offered === undefined) return undefined;
  const text = offered.slice(prefix.length).replaceAll("-", "+").replaceAll("_", "/");
  try {
    return atob(text);
  } catch {
    throw errors.unauthorized();
  }
}

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { serviceAccountTokens, audiences, anonymous } = options;
  const identify = async (token: string, wanted: readonly string[]): Promise<TokenIdentity | undefined> => {
    const identity = await serviceAccountTokens.identify(token);
    if (!identity) return undefined;
    const accepted = (wanted.length > 0 ? wanted : audiences).filter((one) => identity.audiences.includes(one));
    if (accepted.length === 0) {
      const printed = (list: readonly string[]): string => `[${list.map((one) => JSON.stringify(one)).join(" ")}]`;
      throw new Error(
        `token audiences ${printed(identity.audiences)} is invalid for the target audiences ${printed(wanted.length > 0 ? wanted : audiences)}`,
      );
    }
    return { user: identity.user, audiences: accepted };
  };
  return {
    authenticate(request): UserInfo | undefined | Promise<UserInfo> {
      const { peer } = request;
      if (peer.user) return peer.user;
      const user = certificateUser(peer);
      if (user) return user;
      const token = bearerToken(request);
      if (token !== undefined) return authenticateBearer(identify, token);
      if (peer.certificateError !== undefined) throw errors.unauthorized();
      return anonymous ? anonymousUser : undefined;
    },
    authenticateToken: identify,
  };
}

async function authenticateBearer(
  identify: (token: string, wanted: readonly string[]) => Promise<TokenIdentity | undefined>,
  token: string,
): Promise<UserInfo> {
  // Why a token was refused is told to nobody who might guess.
  const identity = await identify(token, []).catch(() => undefined);
  if (!identity) throw errors.unauthorized();
  return identity.user;
}
