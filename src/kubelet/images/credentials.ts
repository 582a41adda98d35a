// Credentials for an image from a pod's imagePullSecrets (pkg/credentialprovider: DockerKeyring). Pure; imports
// src/kinds.
import type { Secret } from "../../kinds/types/core-v1.gen.ts";
import { decodeBase64 } from "../container/env.ts";
import type { AuthConfig } from "../runtime.ts";

interface Entry {
  readonly host: string;
  readonly path: string;
  readonly auth: AuthConfig;
}

const decode = (base64: string): string => new TextDecoder().decode(decodeBase64(base64));

/** "https://index.docker.io/v1/" is docker.io; v1 and v2 paths and the scheme do not count. */
function splitRegistry(registry: string): { host: string; path: string } {
  const plain = registry.replace(/^https?:\/\//, "").replace(/\/$/, "");
  const slash = plain.indexOf("/");
  let host = slash < 0 ? plain : plain.slice(0, slash);
  let path = slash < 0 ? "" : plain.slice(slash);
  if (path === "/v1" || path === "/v2") path = "";
  if (host === "index.docker.io" || host === "registry-1.docker.io") host = "docker.io";
  return { host, path };
}

function toEntry(registry: string, value: unknown): Entry | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { username, password, auth } = value as { username?: unknown; password?: unknown; auth?: unknown };
  const { host, path } = splitRegistry(registry);
  if (typeof auth === "string" && auth !== "") {
    const text = decode(auth);
    const colon = text.indexOf(":");
    if (colon < 0) return undefined;
    return { host, path, auth: { username: text.slice(0, colon), password: text.slice(colon + 1) } };
  }
  if (typeof username !== "string" || typeof password !== "string") return undefined;
  return { host, path, auth: { username, password } };
}

function readConfig(text: string, wrapped: boolean): Entry[] {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    // Upstream, too, passes over a secret that cannot be read.
    return [];
  }
  const auths = wrapped ? (config as { auths?: unknown } | null)?.auths : config;
  if (typeof auths !== "object" || auths === null) return [];
  return Object.entries(auths)
    .map(([registry, value]) => toEntry(registry, value))
    .filter((entry) => entry !== undefined);
}

/** "*.example.com" stands for one label each; ports must be equal. */
function hostMatches(pattern: string, host: string): boolean {
  const own = pattern.split(".");
  const parts = host.split(".");
  return own.length === parts.length && own.every((part, index) => part === "*" || part === parts[index]);
}

/** The credentials that fit a repository ("docker.io/library/nginx"), the most specific first. */
export function findCredentials(secrets: readonly Secret[], repository: string): readonly AuthConfig[] {
  const slash = repository.indexOf("/");
  const host = repository.slice(0, slash);
  const path = repository.slice(slash);
  const entries = secrets.flatMap((secret) => {
    const modern = secret.data?.[".dockerconfigjson"];
    const legacy = secret.data?.[".dockercfg"];
    if (secret.type === "kubernetes.io/dockerconfigjson" && modern) return readConfig(decode(modern), true);
    return secret.type === "kubernetes.io/dockercfg" && legacy ? readConfig(decode(legacy), false) : [];
  });
  return entries
    .filter((entry) => hostMatches(entry.host, host) && path.startsWith(entry.path))
    .sort((a, b) => b.path.length - a.path.length)
    .map(({ auth }) => auth);
}
