// Service accounts' tokens: whose they are, and whether what they are bound to still exists (KEP-1205). Signatures are
// checked once: a verified token is remembered by its hash until it expires; what can be revoked (the account, the pod,
// the secret) is looked up at every use. May import src/base and src/kinds.
import type { Clock } from "../../base/clock.ts";
import type { Crypto } from "../../base/crypto.ts";
import { pod } from "../../kinds/core/pod.ts";
import { node } from "../../kinds/core/node.ts";
import { secret } from "../../kinds/core/secret.ts";
import { serviceAccount } from "../../kinds/core/service-account.ts";
import type { Kind } from "../../kinds/kind.ts";
import type { KubernetesObject } from "../../kinds/object.ts";
import type { UserInfo } from "../../kinds/request.ts";
import type { ObjectReader } from "../object-reader.ts";
import type { TokenIdentity } from "../ports.ts";
import type { TokenVerifier, VerifiedToken } from "./token-verifier.ts";

/** Tokens remembered at once; the oldest goes first. Each costs about 1 KiB. */
const rememberedTokensMax = 10_000;

interface Reference {
  readonly name: string;
  readonly uid: string;
}
interface KubernetesClaim {
  readonly namespace?: string;
  readonly serviceaccount?: Reference;
  readonly pod?: Reference;
  readonly node?: Reference;
  readonly secret?: Reference;
}

export interface ServiceAccountTokensOptions {
  readonly verifier: TokenVerifier;
  readonly reader: ObjectReader;
  readonly clock: Clock;
  readonly crypto: Crypto;
}

export class ServiceAccountTokens {
  readonly #options: ServiceAccountTokensOptions;
  readonly #verified = new Map<string, VerifiedToken>();

  constructor(options: ServiceAccountTokensOptions) {
    this.#options = options;
  }

  /** undefined: not such a token. Rejects with an Error that says what is wrong with it. */
  async identify(token: string): Promise<TokenIdentity | undefined> {
    const verified = await this.#verify(token);
    if (!verified) return undefined;
    return { user: this.#user(verified), audiences: verified.audiences };
  }

  async #verify(token: string): Promise<VerifiedToken | undefined> {
    const { crypto, clock, verifier } = this.#options;
    const hash = String.fromCharCode(...crypto.sha256(new TextEncoder().encode(token)));
    const known = this.#verified.get(hash);
    if (known) {
      if (known.expiresAtMs > clock.now()) return known;
      this.#verified.delete(hash);
      throw new Error("service account token has expired");
    }
    const verified = await verifier.verify(token);
    if (!verified) return undefined;
    if (this.#verified.size >= rememberedTokensMax) {
      const [oldest] = this.#verified.keys();
      this.#verified.delete(oldest!);
    }
    this.#verified.set(hash, verified);
    return verified;
  }

  /** The user of a token, after looking up all that it depends on. */
  #user(verified: VerifiedToken): UserInfo {
    const claim = (verified.claims["kubernetes.io"] ?? {}) as unknown as KubernetesClaim;
    const { namespace = "", serviceaccount } = claim;
    if (!serviceaccount) throw new Error("service account token claims could not be validated");
    const account = this.#existing(serviceAccount, namespace, serviceaccount, "service account");
    if (claim.secret) this.#existing(secret, namespace, claim.secret, "secret");
    if (claim.pod) this.#existing(pod, namespace, claim.pod, "pod");
    if (claim.node && !claim.pod) this.#existing(node, "", claim.node, "node");
    const extra: Record<string, readonly string[]> = {};
    if (verified.tokenId) extra["authentication.kubernetes.io/credential-id"] = [`JTI=${verified.tokenId}`];
    for (const kind of ["node", "pod"] as const) {
      const bound = claim[kind];
      if (!bound) continue;
      extra[`authentication.kubernetes.io/${kind}-name`] = [bound.name];
      extra[`authentication.kubernetes.io/${kind}-uid`] = [bound.uid];
    }
    return {
      username: `system:serviceaccount:${namespace}:${serviceaccount.name}`,
      uid: account.metadata.uid,
      groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
      extra,
    };
  }

  #existing<T extends KubernetesObject>(kind: Kind<T>, namespace: string, wanted: Reference, what: string): T {
    const found = this.#options.reader.get(kind, namespace, wanted.name);
    if (!found) {
      throw new Error(
        what === "service account"
          ? `serviceaccounts ${JSON.stringify(wanted.name)} not found`
          : "service account token has been invalidated",
      );
    }
    if (found.metadata.uid !== wanted.uid) {
      throw new Error(`${what} UID (${found.metadata.uid}) does not match claim (${wanted.uid})`);
    }
    return found;
  }
}
