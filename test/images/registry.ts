// A registry that images can be pulled from and that takes none: HTTP on loopback, as a mirror of several registries at
// once (containerd names the registry that it means in the query, `ns`). The OCI distribution specification's pull part.
// May import node, src/host.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { readBlob, type ImageContent } from "../../src/host/images/image-content.ts";

const pieceBytes = 256 * 1024;
const pathForm = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/;

export interface RunningRegistry {
  /** "http://127.0.0.1:PORT" */
  readonly url: string;
  readonly port: number;
  /** Requests answered so far, as "GET /v2/…". */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** "docker.io/library/ubuntu:latest" → its registry, repository and tag. */
function splitName(name: string): { registry: string; repository: string; tag: string } {
  const slash = name.indexOf("/");
  const colon = name.lastIndexOf(":");
  return { registry: name.slice(0, slash), repository: name.slice(slash + 1, colon), tag: name.slice(colon + 1) };
}

function findImage(
  images: readonly ImageContent[],
  registry: string | null,
  repository: string,
  fits: (image: ImageContent, tag: string) => boolean,
): ImageContent | undefined {
  return images.find((image) =>
    image.names.some((name) => {
      const parts = splitName(name);
      const sameRegistry = registry === null || registry === parts.registry;
      return sameRegistry && parts.repository === repository && fits(image, parts.tag);
    }),
  );
}

function fail(response: ServerResponse, code: string): void {
  response.writeHead(404, { "content-type": "application/json" });
  response.end(JSON.stringify({ errors: [{ code, message: code.toLowerCase().replaceAll("_", " ") }] }));
}

async function answer(images: readonly ImageContent[], request: IncomingMessage, response: ServerResponse) {
  const url = new URL(request.url ?? "/", "http://registry");
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405).end();
    return;
  }
  if (url.pathname === "/v2/" || url.pathname === "/v2") {
    response.writeHead(200, { "docker-distribution-api-version": "registry/2.0" }).end("{}");
    return;
  }
  const match = pathForm.exec(url.pathname);
  if (!match) {
    fail(response, "NAME_UNKNOWN");
    return;
  }
  const [, repository, sort, reference] = match as unknown as [string, string, string, string];
  const manifest = sort === "manifests";
  const image = findImage(images, url.searchParams.get("ns"), repository, (image, tag) =>
    manifest ? reference === tag || reference === image.target.digest : image.blobs.has(reference),
  );
  if (!image) {
    fail(response, manifest ? "MANIFEST_UNKNOWN" : "BLOB_UNKNOWN");
    return;
  }
  const parts = [image.target, image.manifest.config, ...image.manifest.layers];
  const part = manifest ? image.target : parts.find(({ digest }) => digest === reference)!;
  response.writeHead(200, {
    "content-type": manifest ? part.mediaType : "application/octet-stream",
    "content-length": part.size,
    "docker-content-digest": part.digest,
  });
  if (request.method === "HEAD") response.end();
  else await pipeline(Readable.from(readBlob(image.blobs.get(part.digest)!, pieceBytes)), response);
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

/** Serves the images on a free port (or the one given) until it is closed. */
export async function startRegistry(images: readonly ImageContent[], wantedPort = 0): Promise<RunningRegistry> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(images, request, response).catch(() => response.destroy());
  });
  const port = await listen(server, wantedPort);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
