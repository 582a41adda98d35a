// What the authenticator asks of whoever knows the tokens' keys (host/pki). May import src/base and src/kinds.
import type { JsonObject } from "../../kinds/object.ts";

/** A token whose signature, issuer and times are right. */
export interface VerifiedToken {
  /** The `sub` claim. */
  readonly subject: string;
  readonly audiences: readonly string[];
  readonly expiresAtMs: number;
  /** The `jti` claim. */
  readonly tokenId: string;
  readonly claims: JsonObject;
}

export interface TokenVerifier {
  /** undefined: not a token of this cluster. Rejects with an Error whose message says what is wrong with it. */
  verify(token: string): Promise<VerifiedToken | undefined>;
}
