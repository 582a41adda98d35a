// Service accounts' tokens: JWTs with upstream's claims (KEP-1205, bound tokens), signed with RS256; and their
// verification. Whether the bound objects still exist is the authenticator's question, not this file's.
// May import node, src/base, src/kinds, src/apiserver's ports.
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { exportJWK, jwtVerify, type JWTPayload, SignJWT } from "jose";
import type { Clock } from "../../base/clock.ts";
import { toTime } from "../../base/clock.ts";
import type { Crypto } from "../../base/crypto.ts";
import type { TokenVerifier } from "../../apiserver/authentication/token-verifier.ts";
import type { TokenIssuer } from "../../apiserver/ports.ts";
import type { JsonObject } from "../../kinds/object.ts";

export interface TokenIssuerOptions {
  readonly keyPem: string;
  /** The `iss` claim, and where OpenID discovery is found. */
  readonly issuer: string;
  /** What the API server accepts, and what a token gets for which no audience was asked. */
  readonly audiences: readonly string[];
  /** Where the key set is served, as OpenID discovery tells it. */
  readonly keySetUrl: string;
  readonly clock: Clock;
  readonly crypto: Crypto;
}

interface Reference {
  readonly name: string;
  readonly uid: string;
}
const referenceOf = (object: { metadata: Reference } | undefined): Reference | undefined =>
  object && { name: object.metadata.name, uid: object.metadata.uid };

/** Upstream's kubernetes.io claim. */
function privateClaims(
  account: { metadata: Reference & { namespace?: string } },
  bound: Parameters<TokenIssuer["issue"]>[2],
  warnAfterSeconds: number | undefined,
): Record<string, unknown> {
  const pod = referenceOf(bound.pod);
  const node = referenceOf(bound.node);
  const secret = referenceOf(bound.secret);
  return {
    namespace: account.metadata.namespace,
    ...(node ? { node } : {}),
    ...(pod ? { pod } : {}),
    ...(secret ? { secret } : {}),
    serviceaccount: referenceOf(account),
    ...(warnAfterSeconds === undefined ? {} : { warnafter: warnAfterSeconds }),
  };
}

/** Upstream extends tokens of this lifetime (projected by default) to a year, and warns after the asked time. */
const extendedAskedSeconds = 3607;
const extendedSeconds = 365 * 24 * 60 * 60;

function keyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(der).digest("base64url");
}

export function createTokenIssuer(options: TokenIssuerOptions): TokenIssuer & TokenVerifier {
  const { issuer, audiences, clock, crypto } = options;
  const privateKey = createPrivateKey(options.keyPem);
  const publicKey = createPublicKey(privateKey);
  const keyId = keyIdOf(publicKey);
  return {
    audiences,
    async issue(account, spec, bound) {
      const nowSeconds = Math.floor(clock.now() / 1000);
      // Only where the API server itself is meant: others don't know how to warn.
      const ours = spec.audiences.every((one) => audiences.includes(one));
      const extended = ours && spec.expirationSeconds === extendedAskedSeconds && bound.pod !== undefined;
      const warnAfter = extended ? nowSeconds + spec.expirationSeconds : undefined;
      const expiresSeconds = nowSeconds + (extended ? extendedSeconds : spec.expirationSeconds);
      const token = await new SignJWT({
        "kubernetes.io": privateClaims(account, bound, warnAfter),
      })
        .setProtectedHeader({ alg: "RS256", kid: keyId })
        .setIssuer(issuer)
        .setAudience([...(spec.audiences.length > 0 ? spec.audiences : audiences)])
        .setSubject(`system:serviceaccount:${account.metadata.namespace}:${account.metadata.name}`)
        .setIssuedAt(nowSeconds)
        .setNotBefore(nowSeconds)
        .setExpirationTime(expiresSeconds)
        .setJti(crypto.uuid())
        .sign(privateKey);
      // The client refreshes after the time that it asked for, also where the token lives longer.
      return { token, expirationTimestamp: toTime((warnAfter ?? expiresSeconds) * 1000) };
    },
    async verify(token) {
      const payload = decodeUnverified(token);
      if (payload?.iss !== issuer) return undefined;
      const currentDate = new Date(clock.now());
      const verified = await jwtVerify(token, publicKey, { issuer, algorithms: ["RS256"], currentDate });
      const { sub = "", aud = [], exp = 0, jti = "" } = verified.payload;
      return {
        subject: sub,
        audiences: [aud].flat(),
        expiresAtMs: exp * 1000,
        tokenId: jti,
        claims: verified.payload as JsonObject,
      };
    },
    openIdConfiguration: () =>
      Promise.resolve({
        issuer,
        jwks_uri: options.keySetUrl,
        response_types_supported: ["id_token"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
      }),
    async keySet(): Promise<JsonObject> {
      const { kty, n, e } = await exportJWK(publicKey);
      return { keys: [{ use: "sig", kty: kty!, kid: keyId, alg: "RS256", n: n!, e: e! }] };
    },
  };
}

function decodeUnverified(token: string): JWTPayload | undefined {
  const parts = token.split(".");
  if (parts.length !== 3) return undefined;
  try {
    return JSON.parse(Buffer.from(parts[1]!, "base64url").toString("utf8")) as JWTPayload;
  } catch {
    return undefined;
  }
}
