// The cluster's certificates and keys as files in its data folder: made at the first start, renewed when they grow old or
// their names no longer fit. Files are written whole (temporary name, fsync, rename) and keys are the owner's alone.
// May import node, src/base.
import { generateKeyPairSync } from "node:crypto";
import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import {
  createAuthority,
  issueCertificate,
  type KeyPair,
  leafValidForMs,
  type LeafOptions,
  stillFits,
} from "./certificates.ts";

export interface ClusterKeys {
  readonly authority: KeyPair;
  /** The API server's and, in one process, the node's serving certificate. */
  readonly serving: KeyPair;
  /** What the kubeconfig holds: kubernetes-admin of system:masters. */
  readonly admin: KeyPair;
  /** Signs service accounts' tokens (RS256). */
  readonly tokenKeyPem: string;
}

/** Writes a file whole or not at all; it is on disk when this returns. */
export function writeFileDurably(file: string, content: string | Uint8Array, mode: number): void {
  const temporary = `${file}.new`;
  const descriptor = openSync(temporary, "w", mode);
  try {
    // What an earlier attempt left behind may have another mode.
    fchmodSync(descriptor, mode);
    writeFileSync(descriptor, content);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
  const folder = openSync(dirname(file), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function readPair(folder: string, name: string): KeyPair | undefined {
  const certificate = join(folder, `${name}.crt`);
  const key = join(folder, `${name}.key`);
  if (!existsSync(certificate) || !existsSync(key)) return undefined;
  return { certificatePem: readFileSync(certificate, "utf8"), keyPem: readFileSync(key, "utf8") };
}

function writePair(folder: string, name: string, pair: KeyPair): KeyPair {
  writeFileDurably(join(folder, `${name}.key`), pair.keyPem, 0o600);
  writeFileDurably(join(folder, `${name}.crt`), pair.certificatePem, 0o644);
  return pair;
}

/** A file that is no certificate or no key is replaced like an old one. */
function isGood(pair: KeyPair, authority: KeyPair, options: LeafOptions): boolean {
  try {
    return stillFits(pair, authority, options);
  } catch {
    return false;
  }
}

async function leaf(folder: string, name: string, authority: KeyPair, options: LeafOptions): Promise<KeyPair> {
  const found = readPair(folder, name);
  if (found && isGood(found, authority, options)) return found;
  return writePair(folder, name, await issueCertificate(authority, options));
}

function tokenKey(folder: string): string {
  const file = join(folder, "service-account.key");
  if (existsSync(file)) return readFileSync(file, "utf8");
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  writeFileDurably(file, pem, 0o600);
  return pem;
}

export interface ClusterKeysOptions {
  readonly folder: string;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly nowMs: number;
}

/** Reads the keys, making what is missing. Rejects with Node's error when the folder can't be written. */
export async function openClusterKeys(options: ClusterKeysOptions): Promise<ClusterKeys> {
  const { folder, nowMs } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const authority = readPair(folder, "ca") ?? writePair(folder, "ca", await createAuthority("kubernetes", nowMs));
  const validForMs = leafValidForMs;
  const serving = await leaf(folder, "serving", authority, {
    subject: { commonName: "kube-apiserver" },
    usage: "server",
    dnsNames: options.dnsNames,
    ipAddresses: options.ipAddresses,
    nowMs,
    validForMs,
  });
  const admin = await leaf(folder, "admin", authority, {
    subject: { commonName: "kubernetes-admin", organizations: ["system:masters"] },
    usage: "client",
    nowMs,
    validForMs,
  });
  return { authority, serving, admin, tokenKeyPem: tokenKey(folder) };
}
