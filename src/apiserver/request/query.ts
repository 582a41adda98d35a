// The options that a request's query carries: parsed and validated as upstream's parameter codec and
// k8s.io/apimachinery/pkg/apis/meta validation do. May import src/base and src/kinds.
import { errors } from "../../base/errors.ts";
import { forbidden, invalid, notSupported, required } from "../../base/field-error.ts";
import type { FieldError } from "../../base/field-error.ts";
import { validateFieldManager } from "../../kinds/meta/object-meta.ts";
import { booleanOf } from "./request-info.ts";

const integer = /^[+-]?[0-9]+$/;
const int64Max = 9223372036854775807n;

/** A number of a query; Go's words for what is none. undefined: not given. */
export function integerOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!integer.test(text)) {
    throw errors.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  const value = BigInt(text);
  if (value > int64Max || value < -int64Max - 1n) {
    throw errors.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  }
  return Number(value);
}

const durationUnits: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const durationPart = /^([0-9]*)(\.[0-9]*)?(ns|us|µs|μs|ms|s|m|h)/;

/** Go's time.ParseDuration, in milliseconds. Throws 400 as the request deadline filter does. */
export function checkTimeout(query: URLSearchParams): number | undefined {
  const text = query.get("timeout");
  if (text === null || text === "") return undefined;
  const failed = (): never => {
    const why = `time: invalid duration ${JSON.stringify(text)}`;
    throw errors.badRequest(`invalid timeout specified in the request URL - ${why}`);
  };
  let rest = text.startsWith("-") || text.startsWith("+") ? text.slice(1) : text;
  if (rest === "0") return 0;
  if (rest === "") return failed();
  let total = 0;
  while (rest !== "") {
    const match = durationPart.exec(rest);
    if (!match || ((match[1] ?? "") === "" && (match[2] ?? ".") === ".")) return failed();
    total += Number(`${match[1] || "0"}${match[2] ?? ""}`) * durationUnits[match[3]!]!;
    rest = rest.slice(match[0].length);
  }
  return text.startsWith("-") ? -total : total;
}

export interface ListOptions {
  readonly watch: boolean;
  readonly labelSelector: string;
  readonly fieldSelector: string;
  readonly allowWatchBookmarks: boolean;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
  readonly timeoutSeconds: number | undefined;
  readonly limit: number;
  readonly continue: string;
  readonly sendInitialEvents: boolean | undefined;
}

/** The options of list and watch. Throws 400 for what cannot be parsed and 422 for what is forbidden together. */
export function listOptions(query: URLSearchParams, watch: boolean): ListOptions {
  const match = query.get("resourceVersionMatch") ?? "";
  const resourceVersion = query.get("resourceVersion") ?? "";
  const watchOption = watch || booleanOf(query.get("watch"));
  const options: ListOptions = {
    watch: watchOption,
    labelSelector: query.get("labelSelector") ?? "",
    fieldSelector: query.get("fieldSelector") ?? "",
    allowWatchBookmarks: booleanOf(query.get("allowWatchBookmarks")),
    resourceVersion,
    resourceVersionMatch: match,
    timeoutSeconds: integerOf(query, "timeoutSeconds"),
    limit: integerOf(query, "limit") ?? 0,
    continue: query.get("continue") ?? "",
    sendInitialEvents: query.has("sendInitialEvents") ? booleanOf(query.get("sendInitialEvents")) : undefined,
  };
  const found = watchOption ? checkWatchOptions(options) : checkListOptions(options);
  if (found.length > 0) throw errors.invalid("meta.k8s.io", "ListOptions", "", found);
  return options;
}

function checkListOptions(options: ListOptions): FieldError[] {
  const found: FieldError[] = [];
  const match = options.resourceVersionMatch;
  if (match !== "") {
    const field = "resourceVersionMatch";
    if (options.resourceVersion === "") {
      found.push(forbidden(field, "resourceVersionMatch is forbidden unless resourceVersion is provided"));
    }
    if (options.continue !== "") {
      found.push(forbidden(field, "resourceVersionMatch is forbidden when continue is provided"));
    }
    if (match !== "Exact" && match !== "NotOlderThan") {
      found.push(notSupported(field, match, ["Exact", "NotOlderThan", ""]));
    }
    if (match === "Exact" && options.resourceVersion === "0") {
      found.push(forbidden(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (options.sendInitialEvents !== undefined) {
    found.push(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  }
  return found;
}

function checkWatchOptions(options: ListOptions): FieldError[] {
  const found: FieldError[] = [];
  const match = options.resourceVersionMatch;
  const field = "resourceVersionMatch";
  if (options.sendInitialEvents !== undefined && match !== "NotOlderThan") {
    found.push(forbidden(field, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
  }
  if (match === "") return found;
  if (options.sendInitialEvents === undefined) {
    found.push(forbidden(field, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
  }
  if (match !== "NotOlderThan") found.push(notSupported(field, match, ["NotOlderThan"]));
  if (options.continue !== "") {
    found.push(forbidden(field, "resourceVersionMatch is forbidden when continue is provided"));
  }
  return found;
}

export type FieldValidation = "Ignore" | "Warn" | "Strict";

export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  /** Only for apply. */
  readonly force: boolean;
}

const printList = (values: readonly string[]): string => `[${values.map((one) => JSON.stringify(one)).join(",")}]`;

export function checkDryRun(values: readonly string[]): FieldError[] {
  if (values.every((value) => value === "All")) return [];
  const message = `Unsupported value: ${printList(values)}: supported values: "All"`;
  return [{ reason: "FieldValueNotSupported", field: "dryRun", message }];
}

const defaultWriteOptions: WriteOptions = { dryRun: false, fieldManager: "", fieldValidation: "Warn", force: false };

/** The options of create, update and patch; `kind` is CreateOptions, UpdateOptions or PatchOptions. Throws 422. */
export function writeOptions(query: URLSearchParams, kind: string, apply?: boolean): WriteOptions {
  if (query.size === 0 && apply === undefined) return defaultWriteOptions;
  const fieldManager = query.get("fieldManager") ?? "";
  const dryRun = query.getAll("dryRun");
  const validation = query.get("fieldValidation") ?? "";
  const found: FieldError[] = [];
  if (apply === true && fieldManager === "") found.push(required("fieldManager", "is required for apply patch"));
  if (apply === false && query.has("force")) {
    found.push(forbidden("force", "may not be specified for non-apply patch"));
  }
  if (fieldManager !== "") found.push(...validateFieldManager(fieldManager, "fieldManager"));
  if (dryRun.length > 0) found.push(...checkDryRun(dryRun));
  if (!["", "Ignore", "Warn", "Strict"].includes(validation)) {
    found.push(notSupported("fieldValidation", validation, ["", "Ignore", "Strict", "Warn"]));
  }
  if (found.length > 0) throw errors.invalid("meta.k8s.io", kind, "", found);
  return {
    dryRun: dryRun.length > 0,
    fieldManager,
    fieldValidation: (validation || "Warn") as FieldValidation,
    force: booleanOf(query.get("force")),
  };
}

export interface DeleteOptions {
  gracePeriodSeconds: number | undefined;
  readonly preconditions: { readonly uid?: string; readonly resourceVersion?: string } | undefined;
  readonly orphanDependents: boolean | undefined;
  readonly propagationPolicy: string | undefined;
  readonly dryRun: boolean;
}

/** The delete options of a query; a body's come from write/delete-options.ts. */
export function deleteOptionsOfQuery(query: URLSearchParams): DeleteOptions {
  if (query.size === 0) return checkDeleteOptions({}, []);
  const grace = integerOf(query, "gracePeriodSeconds");
  const uid = query.get("uid");
  const resourceVersion = query.get("resourceVersion");
  return checkDeleteOptions(
    {
      ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
      ...(query.has("orphanDependents") ? { orphanDependents: booleanOf(query.get("orphanDependents")) } : {}),
      ...(query.has("propagationPolicy") ? { propagationPolicy: query.get("propagationPolicy")! } : {}),
      ...(uid || resourceVersion
        ? { preconditions: { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) } }
        : {}),
    },
    query.getAll("dryRun"),
  );
}

export interface RawDeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly orphanDependents?: boolean;
  readonly propagationPolicy?: string;
}

/** Throws 422 for options that contradict one another. */
export function checkDeleteOptions(raw: RawDeleteOptions, dryRun: readonly string[]): DeleteOptions {
  const found: FieldError[] = [];
  const policy = raw.propagationPolicy;
  if (raw.orphanDependents !== undefined && policy !== undefined) {
    const why = "orphanDependents and deletionPropagation cannot be both set";
    found.push(invalid("propagationPolicy", policy, why));
  }
  if (policy !== undefined && policy !== "Foreground" && policy !== "Background" && policy !== "Orphan") {
    found.push(notSupported("propagationPolicy", policy, ["Foreground", "Background", "Orphan", "nil"]));
  }
  found.push(...checkDryRun(dryRun));
  if (found.length > 0) throw errors.invalid("meta.k8s.io", "DeleteOptions", "", found);
  return {
    gracePeriodSeconds: raw.gracePeriodSeconds,
    preconditions: raw.preconditions,
    orphanDependents: raw.orphanDependents,
    propagationPolicy: policy,
    dryRun: dryRun.length > 0,
  };
}
