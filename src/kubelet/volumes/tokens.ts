// Tokens of service accounts for projected volumes: asked for through TokenRequest, bound to the pod, kept until four
// fifths of their life are over (pkg/kubelet/token). Imports src/base, src/kinds, src/client.
import type { Clock } from "../../base/clock.ts";
import type { Client } from "../../client/client.ts";
import type { Pod, ServiceAccountTokenProjection } from "../../kinds/types/core-v1.gen.ts";
import { tokenRenewAfterMs, tokenRenewShare } from "../limits.ts";

interface Token {
  readonly text: string;
  readonly renewMs: number;
  readonly expiresMs: number;
}
export interface Tokens {
  /** Rejects where the API refuses and no token that still holds is there. */
  get(pod: Pod, projection: ServiceAccountTokenProjection): Promise<string>;
  /** When the next of a pod's tokens is to be renewed; undefined: it has none. */
  nextRenewal(podUid: string): number | undefined;
  forget(podUid: string): void;
}

/** The path's default life in seconds; upstream's. */
const defaultExpirationSeconds = 3600;

export function createTokens(client: Client, clock: Clock): Tokens {
  const byPod = new Map<string, Map<string, Token>>();

  const request = async (pod: Pod, projection: ServiceAccountTokenProjection): Promise<Token> => {
    const account = pod.spec.serviceAccountName || "default";
    const { name, namespace, uid } = pod.metadata;
    const spec = {
      audiences: projection.audience ? [projection.audience] : [],
      expirationSeconds: projection.expirationSeconds ?? defaultExpirationSeconds,
      boundObjectRef: { apiVersion: "v1", kind: "Pod", name: name!, uid: uid! },
    };
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", metadata: {}, spec };
    const askedMs = clock.now();
    const answer = (await client.post(path, body)) as { status?: { token?: string; expirationTimestamp?: string } };
    const expiresMs = Date.parse(answer.status?.expirationTimestamp ?? "");
    if (!answer.status?.token || Number.isNaN(expiresMs)) throw new Error("the API server answered without a token");
    const renewMs = askedMs + Math.min((expiresMs - askedMs) * tokenRenewShare, tokenRenewAfterMs);
    return { text: answer.status.token, renewMs, expiresMs };
  };

  return {
    async get(pod, projection) {
      const uid = pod.metadata.uid!;
      const tokens = byPod.get(uid) ?? new Map<string, Token>();
      byPod.set(uid, tokens);
      const key = JSON.stringify([projection.audience ?? "", projection.expirationSeconds ?? 0]);
      const known = tokens.get(key);
      if (known && clock.now() < known.renewMs) return known.text;
      try {
        const token = await request(pod, projection);
        tokens.set(key, token);
        return token.text;
      } catch (error) {
        // A token that still holds serves on; the next round asks again.
        if (known && clock.now() < known.expiresMs) return known.text;
        throw error;
      }
    },
    nextRenewal(podUid) {
      const moments = [...(byPod.get(podUid)?.values() ?? [])].map(({ renewMs }) => renewMs);
      return moments.length > 0 ? Math.min(...moments) : undefined;
    },
    forget(podUid) {
      byPod.delete(podUid);
    },
  };
}
