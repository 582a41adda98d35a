// Secrets. May import src/base.
import { invalid, required, tooLong, type FieldError } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { columns, defineKind } from "../meta/define-kind.ts";
import { validateImmutable } from "../meta/object-meta.ts";
import { isConfigMapKey } from "../meta/value-names.ts";
import type { Secret } from "../types/core-v1.gen.ts";
import { base64Bytes, dataMaxBytes, validateImmutableData } from "./config-map.ts";

const serviceAccountName = "kubernetes.io/service-account.name";

/** Keys that a secret of a type must have. */
const requiredKeys: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
};

function decode(value: string | null): string {
  const binary = atob(value ?? "");
  return new TextDecoder().decode(Uint8Array.from(binary, (letter) => letter.charCodeAt(0)));
}

// What Go's decoder says of a text that isn't a JSON object, for the commonest mistakes.
function jsonError(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return describeSyntax(text);
  }
  if (typeof value === "object" && !Array.isArray(value)) return undefined;
  const kind = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  return `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`;
}

function describeSyntax(text: string): string {
  const start = text.trimStart();
  if (start === "") return "unexpected end of JSON input";
  const first = start[0]!;
  if (/["[{tfn0-9-]/.test(first)) return describeInner(start);
  return `invalid character '${first}' looking for beginning of value`;
}

function describeInner(text: string): string {
  const literal = ["true", "false", "null"].find((word) => word[0] === text[0]);
  if (literal) {
    const position = [...literal].findIndex((letter, index) => text[index] !== letter);
    if (position < 0) return `invalid character '${text[literal.length] ?? ""}' after top-level value`;
    if (text[position] === undefined) return "unexpected end of JSON input";
    return `invalid character '${text[position]}' in literal ${literal} (expecting '${literal[position]}')`;
  }
  const key = /^\{\s*([^"}\s])/.exec(text);
  if (key) return `invalid character '${key[1]}' looking for beginning of object key string`;
  return "unexpected end of JSON input";
}

function validateType({ type, data = {}, metadata }: Secret): FieldError[] {
  const has = (key: string): boolean => Object.hasOwn(data, key);
  switch (type) {
    case "kubernetes.io/service-account-token": {
      if (metadata.annotations?.[serviceAccountName]) return [];
      return [required(`metadata.annotations[${serviceAccountName}]`)];
    }
    case "kubernetes.io/dockercfg":
    case "kubernetes.io/dockerconfigjson": {
      const key = requiredKeys[type]![0]!;
      if (!has(key)) return [required(`data[${key}]`)];
      const error = jsonError(decode(data[key]!));
      return error === undefined ? [] : [invalid(`data[${key}]`, "<secret contents redacted>", error)];
    }
    case "kubernetes.io/basic-auth":
      if (has("username") || has("password")) return [];
      return [required("data[username]"), required("data[password]")];
    case "kubernetes.io/ssh-auth":
      return data["ssh-privatekey"] ? [] : [required("data[ssh-privatekey]")];
    case "kubernetes.io/tls":
      return requiredKeys[type]!.filter((key) => !has(key)).map((key) => required(`data[${key}]`));
    default:
      return [];
  }
}

function findBlocks(pem: string): string[] {
  const blocks = [...pem.matchAll(/^-----BEGIN ([^\n-]*)-----[ \t\r]*\n[^-]*-----END ([^\n-]*)-----/gm)];
  return blocks.filter(([, begin, end]) => begin === end).map(([, begin]) => begin!);
}

/**
 * Go's tls.X509KeyPair, as far as the PEM blocks tell: that the key belongs to the certificate is not checked here.
 */
function warnOfKeyPair(certificate: string, key: string): string[] {
  const blocks = findBlocks(certificate);
  if (!blocks.includes("CERTIFICATE")) {
    if (blocks.length === 0) return ["tls: failed to find any PEM data in certificate input"];
    if (blocks.length === 1 && blocks[0]!.endsWith("PRIVATE KEY")) {
      const hint = "but did find a private key; PEM inputs may have been switched";
      return [`tls: failed to find certificate PEM data in certificate input, ${hint}`];
    }
    const types = `[${blocks.join(" ")}]`;
    const skipped = "PEM block in certificate input after skipping PEM blocks of the following types:";
    return [`tls: failed to find "CERTIFICATE" ${skipped} ${types}`];
  }
  const keys = findBlocks(key);
  if (keys.some((block) => block === "PRIVATE KEY" || block.endsWith(" PRIVATE KEY"))) return [];
  if (keys.length === 0) return ["tls: failed to find any PEM data in key input"];
  if (keys.length === 1 && keys[0] === "CERTIFICATE") {
    return ["tls: found a certificate rather than a key in the PEM for the private key"];
  }
  const skipped = 'PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following';
  return [`tls: failed to find ${skipped} types: [${keys.join(" ")}]`];
}

const strategy: Strategy<Secret> = {
  allowUnconditionalUpdate: true,
  metadataChecks: { updateAsCreate: 1 },
  default(draft) {
    draft.type ||= "Opaque";
    // stringData is written only: its values go into data, and none of it is kept.
    if (!draft.stringData) return;
    const encoder = new TextEncoder();
    const data: Record<string, string> = { ...(draft.data as Record<string, string> | undefined) };
    for (const [key, value] of Object.entries(draft.stringData as Record<string, string>)) {
      data[key] = encodeBase64(encoder.encode(value));
    }
    draft.data = data;
    delete draft.stringData;
  },
  prepareForUpdate(draft, old) {
    if (!draft.type && old.type) draft.type = old.type;
  },
  validate(secret) {
    const errors: FieldError[] = [];
    let size = 0;
    for (const [key, value] of Object.entries(secret.data ?? {})) {
      errors.push(...isConfigMapKey(key).map((message) => invalid(`data[${key}]`, key, message)));
      size += base64Bytes(value);
    }
    if (size > dataMaxBytes) errors.push(tooLong("data", dataMaxBytes));
    return [...errors, ...validateType(secret)];
  },
  validateUpdate: (object, old) => [
    ...validateImmutable(object.type ?? "", old.type ?? "", "type"),
    ...validateImmutableData(object, old, ["data"]),
  ],
  warnings({ type, data = {} }) {
    if (type !== "kubernetes.io/tls") return [];
    return warnOfKeyPair(decode(data["tls.crt"] ?? ""), decode(data["tls.key"] ?? ""));
  },
};

function encodeBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

export const secret = defineKind<Secret>({
  group: "",
  version: "v1",
  kind: "Secret",
  plural: "secrets",
  namespaced: true,
  definition: "core.v1.Secret",
  storageKey: "secrets",
  columns: columns("Name:name", "Type", "Data", "Age"),
  cells: ({ metadata, type = "", data = {} }, nowMs) => [
    metadata.name,
    type,
    Object.keys(data).length,
    humanAge(metadata.creationTimestamp, nowMs),
  ],
  selectableFields: { type: (object) => object.type ?? "" },
  strategy,
});
