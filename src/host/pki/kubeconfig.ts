// Merges a cluster's context into a kubeconfig file, and takes it out again, leaving all else as it stands: comments,
// order, other clusters. May import node and src/base.
import { chownSync, existsSync, mkdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Document, isMap, isSeq, parseDocument, YAMLMap, YAMLSeq } from "yaml";
import { errors } from "../../base/errors.ts";
import { writeFileDurably } from "./cluster-keys.ts";

export interface KubeconfigEntry {
  /** Name of the cluster, the user and the context. */
  readonly name: string;
  readonly server: string;
  readonly authorityPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

function readDocument(file: string): Document {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const document = parseDocument(text);
  if (document.errors.length > 0) throw errors.badRequest(`${file} is not YAML: ${document.errors[0]!.message}`);
  if (document.contents !== null && !isMap(document.contents)) throw errors.badRequest(`${file} is not a kubeconfig`);
  if (document.contents === null) {
    document.contents = document.createNode({ apiVersion: "v1", kind: "Config", preferences: {} }) as never;
  }
  return document;
}

function putNamed(document: Document, list: string, name: string, value: object): void {
  const node = document.createNode({ name, ...value });
  const existing = document.get(list);
  if (!isSeq(existing)) {
    document.set(list, document.createNode([{ name, ...value }]));
    return;
  }
  // An empty list is written "[]"; what comes into it reads better as a block.
  if (existing.items.length === 0) existing.flow = false;
  const at = indexOf(existing, name);
  if (at < 0) existing.add(node);
  else existing.set(at, node);
}

const indexOf = (list: YAMLSeq, name: string): number =>
  list.items.findIndex((item) => item instanceof YAMLMap && item.get("name") === name);

/** A new file, and a new folder, belong to whom the folder above belongs: under sudo that is the calling user. */
function write(file: string, document: Document): void {
  const folder = dirname(file);
  const target = existsSync(file) ? realpathSync(file) : file;
  if (!existsSync(folder)) {
    mkdirSync(folder, { recursive: true, mode: 0o750 });
    const { uid, gid } = statSync(dirname(folder));
    chownSync(folder, uid, gid);
  }
  const { uid, gid } = statSync(existsSync(target) ? target : folder);
  writeFileDurably(target, document.toString({ lineWidth: 0 }), 0o600);
  chownSync(target, uid, gid);
}

/** Adds or replaces the entry and makes it the current context. */
export function mergeKubeconfig(file: string, entry: KubeconfigEntry): void {
  const document = readDocument(file);
  putNamed(document, "clusters", entry.name, {
    cluster: { "certificate-authority-data": base64(entry.authorityPem), server: entry.server },
  });
  putNamed(document, "users", entry.name, {
    user: {
      "client-certificate-data": base64(entry.certificatePem),
      "client-key-data": base64(entry.keyPem),
    },
  });
  putNamed(document, "contexts", entry.name, { context: { cluster: entry.name, user: entry.name } });
  document.set("current-context", entry.name);
  write(file, document);
}

/** Takes the entry out; the current context is emptied when it was this one. */
export function removeFromKubeconfig(file: string, name: string): void {
  if (!existsSync(file)) return;
  const document = readDocument(file);
  for (const list of ["clusters", "users", "contexts"]) {
    const existing = document.get(list);
    if (!isSeq(existing)) continue;
    const at = indexOf(existing, name);
    if (at >= 0) existing.delete(at);
  }
  if (document.get("current-context") === name) document.set("current-context", "");
  write(file, document);
}
