// A pod's parts as upstream's internal types print them in errors: every field, by its Go name, in the order of the
// struct. May import src/base.
import type { PodSpec } from "../types/core-v1.gen.ts";
import { internalFields } from "./internal-fields.ts";

interface InternalField {
  /** The Go name. */
  readonly name: string;
  readonly jsonName: string;
  readonly mark: string;
  /** The type of the field's value, or of a list's items; "" for plain values. */
  readonly type: string;
}

/** Where the JSON name doesn't follow from the Go name. */
const jsonNames: Readonly<Record<string, string>> = {
  CephFS: "cephfs",
  StorageOS: "storageos",
  CephMonitors: "monitors",
  RBDImage: "image",
  RBDPool: "pool",
  RadosUser: "user",
  EndpointsName: "endpoints",
  DiscoveryCHAPAuth: "chapAuthDiscovery",
  SessionCHAPAuth: "chapAuthSession",
  WWIDs: "wwids",
  DataDiskURI: "diskURI",
  ObjectMeta: "metadata",
};

/** HTTPGet → httpGet, HostIP → hostIP: the capitals at the start, but not the one that begins the next word. */
function jsonNameOf(name: string): string {
  const known = jsonNames[name];
  if (known !== undefined) return known;
  const capitals = /^[A-Z]+/.exec(name)?.[0].length ?? 0;
  const count = capitals === name.length || capitals === 1 ? capitals : capitals - 1;
  return name.slice(0, count).toLowerCase() + name.slice(count);
}

function parseFields(text: string): InternalField[] {
  return text.split(" ").map((one) => {
    const [, name = "", mark = "", type = ""] = /^(\w+)(\[\]|\{\}|[#?*:])?(\w*)$/.exec(one) ?? [];
    return { name, jsonName: jsonNameOf(name), mark, type };
  });
}

const parsed = new Map<string, readonly InternalField[]>();

function fieldsOf(type: string): readonly InternalField[] | undefined {
  const known = parsed.get(type);
  if (known) return known;
  const text = Object.hasOwn(internalFields, type) ? internalFields[type] : undefined;
  if (text === undefined) return undefined;
  const fields = parseFields(text);
  parsed.set(type, fields);
  return fields;
}

/** Maps print sorted by key. */
const sorted = (map: object): object => Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));

function valueForm({ mark, type }: InternalField, value: unknown): unknown {
  const one = (item: unknown): unknown => (fieldsOf(type) ? internalForm(type, item) : item);
  switch (mark) {
    case "#":
      return value ?? 0;
    case "?":
      return value ?? false;
    case "*":
      return value === undefined ? null : one(value);
    case "[]":
      return Array.isArray(value) ? value.map(one) : null;
    case "{}":
      return value === undefined ? null : sorted(value as object);
    case ":":
      if (type === "Quantity") return value ?? "0";
      return type === "IntOrString" ? (value ?? 0) : one(value ?? {});
    default:
      return value ?? "";
  }
}

/** An object whose JSON is what upstream prints for the value of that type ("Container", "SecurityContext" …). */
export function internalForm(type: string, value: unknown): Record<string, unknown> {
  const source = (value ?? {}) as Record<string, unknown>;
  const form: Record<string, unknown> = {};
  for (const field of fieldsOf(type) ?? []) {
    // Embedded metadata prints its fields beside the others.
    if (field.name === "ObjectMeta") Object.assign(form, source["metadata"]);
    else form[field.name] = valueForm(field, source[field.jsonName]);
  }
  return form;
}

const hostFields = ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"] as const;

/** A whole spec: upstream keeps what a pod shares with its node in the security context. */
export function internalSpec(spec: PodSpec): Record<string, unknown> {
  const host = Object.fromEntries(hostFields.map((name) => [name, spec[name]]));
  return internalForm("PodSpec", { ...spec, securityContext: { ...spec.securityContext, ...host } });
}
