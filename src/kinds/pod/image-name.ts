// An image's name, as far as its parts decide anything here. Source: github.com/distribution/reference (grammar) and
// pkg/util/parsers. Imports nothing.

export interface ImageName {
  /** With its registry: "docker.io/library/nginx". */
  readonly repository: string;
  /** "latest" where the name has neither tag nor digest. */
  readonly tag?: string;
  readonly digest?: string;
}

const hostPart = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const domainPattern = new RegExp(`^(?:${hostPart}(?:\\.${hostPart})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const pathPartPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestLengths = new Map([
  ["sha256", 64],
  ["sha384", 96],
  ["sha512", 128],
]);
const nameMaxBytes = 255;

function splitDomain(text: string): [domain: string, rest: string] {
  const slash = text.indexOf("/");
  const first = text.slice(0, Math.max(slash, 0));
  const plain = !/[.:]/.test(first) && first !== "localhost" && first === first.toLowerCase();
  let [domain, rest] = slash < 0 || plain ? ["docker.io", text] : [first, text.slice(slash + 1)];
  if (domain === "index.docker.io") domain = "docker.io";
  if (domain === "docker.io" && !rest.includes("/")) rest = `library/${rest}`;
  return [domain, rest];
}

function isDigest(digest: string): boolean {
  const colon = digest.indexOf(":");
  const length = digestLengths.get(digest.slice(0, colon));
  const hex = digest.slice(colon + 1);
  return hex.length === length && /^[a-f0-9]+$/.test(hex);
}

/** The parts of an image's name; undefined when it isn't one. */
export function parseImageName(image: string): ImageName | undefined {
  if (/^[a-f0-9]{64}$/.test(image)) return undefined;
  const [domain, rest] = splitDomain(image);
  const at = rest.indexOf("@");
  const digest = at < 0 ? undefined : rest.slice(at + 1);
  const named = at < 0 ? rest : rest.slice(0, at);
  const colon = named.indexOf(":");
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  const path = colon < 0 ? named : named.slice(0, colon);
  const repository = `${domain}/${path}`;
  if (!domainPattern.test(domain) || !path.split("/").every((part) => pathPartPattern.test(part))) return undefined;
  if (repository.length > nameMaxBytes) return undefined;
  if (tag !== undefined && !tagPattern.test(tag)) return undefined;
  if (digest !== undefined && !isDigest(digest)) return undefined;
  if (tag === undefined && digest === undefined) return { repository, tag: "latest" };
  return { repository, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** The pull policy of an image that names none. */
export const defaultPullPolicy = (image: string | undefined): "Always" | "IfNotPresent" =>
  parseImageName(image ?? "")?.tag === "latest" ? "Always" : "IfNotPresent";
