// Registry mirrors as containerd reads them: one folder per registry with a hosts.toml. It is read at every pull, so a
// change needs no restart. May import node.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** REGISTRY=URL of `--mirror`. */
export interface RegistryMirror {
  /** A registry's name as it stands in image names: "docker.io", "ghcr.io", "localhost:5001"; "_default" for all. */
  readonly registry: string;
  /** http:// or https://, with no path. */
  readonly url: string;
}

const registryName = /^(?:_default|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?)$/;

/** "docker.io=http://127.0.0.1:5000" → its parts. Throws an Error in words for people. */
export function parseMirror(text: string): RegistryMirror {
  const at = text.indexOf("=");
  const registry = text.slice(0, at);
  const url = text.slice(at + 1);
  if (at < 1 || !registryName.test(registry)) throw new Error(`mirror ${text}: not of the form REGISTRY=URL`);
  if (!URL.canParse(url)) throw new Error(`mirror ${text}: ${url} is no URL`);
  const { protocol, origin, pathname } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:")
    throw new Error(`mirror ${text}: only http and https are possible`);
  if (pathname !== "/") throw new Error(`mirror ${text}: the URL may not have a path`);
  return { registry, url: origin };
}

function serverOf(registry: string): string | undefined {
  if (registry === "_default") return undefined;
  if (registry === "docker.io") return "https://registry-1.docker.io";
  const plain = /^(?:localhost|127\.0\.0\.1)(?::|$)/.test(registry);
  return `${plain ? "http" : "https"}://${registry}`;
}

/** The hosts.toml of one registry; its mirrors are asked in order, then the registry itself. */
export function printHosts(registry: string, urls: readonly string[]): string {
  const server = serverOf(registry);
  const lines = server === undefined ? [] : [`server = ${JSON.stringify(server)}`];
  for (const url of urls) lines.push(`[host.${JSON.stringify(url)}]`, 'capabilities = ["pull", "resolve"]');
  return lines.join("\n") + "\n";
}

/** Makes the folder anew from the mirrors. */
export async function writeRegistries(folder: string, mirrors: readonly RegistryMirror[]): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const urls = new Map<string, string[]>();
  for (const { registry, url } of mirrors) urls.set(registry, [...(urls.get(registry) ?? []), url]);
  for (const [registry, list] of urls) {
    const own = join(folder, registry);
    await mkdir(own, { recursive: true });
    await writeFile(join(own, "hosts.toml"), printHosts(registry, list));
  }
}
