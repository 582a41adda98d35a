// Shorthands for writing a kind's record down. May import src/base.
import type { Column, Kind, Strategy, Subresource } from "../kind.ts";
import { standardVerbs } from "../kind.ts";
import type { Draft, KubernetesObject } from "../object.ts";
import { nameIsDNSSubdomain } from "./names.ts";

type Given = "group" | "version" | "kind" | "plural" | "namespaced" | "definition" | "storageKey" | "columns" | "cells";
type KindRecord<T extends KubernetesObject> = Pick<Kind<T>, Given> & Partial<Omit<Kind<T>, Given>>;

/** A kind with what most kinds have filled in: names after the kind, all eight verbs, DNS subdomains as names. */
export function defineKind<T extends KubernetesObject>(record: KindRecord<T>): Kind<T> {
  return {
    listKind: `${record.kind}List`,
    singular: record.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    verbs: standardVerbs,
    subresources: [],
    checkName: nameIsDNSSubdomain,
    selectableFields: {},
    strategy: {},
    ...record,
  };
}

/** The subresources that write the object itself: status, finalize, approval, resize. */
export function objectSubresource<T extends KubernetesObject>(name: string, strategy: Strategy<T>): Subresource<T> {
  return { name, verbs: ["get", "patch", "update"], strategy };
}

/**
 * The strategy of a status subresource: writes keep everything but status, validate() doesn't run. `main` gives the
 * defaults and whether an update needs a resourceVersion.
 */
export function statusStrategy<T extends KubernetesObject>(
  main: Strategy<T>,
  keep: readonly string[],
  own: Strategy<T> = {},
): Strategy<T> {
  return {
    allowUnconditionalUpdate: main.allowUnconditionalUpdate ?? false,
    ...(main.default ? { default: main.default } : {}),
    validateOnUpdate: false,
    resetFields: keep.map((field) => field.split(".")),
    prepareForUpdate(draft, old) {
      for (const field of keep) carry(draft, old, field);
    },
    ...own,
  };
}

/** Puts the old object's field (a path of names with dots) into the draft, or removes it where the old one has none. */
export function carry<T extends KubernetesObject>(draft: Draft<T>, old: T, path: string): void {
  const names = path.split(".");
  const last = names.pop()!;
  let from: Record<string, unknown> | undefined = old as never;
  let to: Record<string, unknown> = draft as never;
  for (const name of names) {
    from = from?.[name] as Record<string, unknown> | undefined;
    to = (to[name] ??= {}) as Record<string, unknown>;
  }
  const value = from?.[last];
  if (value === undefined) delete to[last];
  else to[last] = value;
}

/** Columns written short: "Name:name" (the format), "Ready:integer" (the type), "Images:+" (only with -o wide). */
export function columns(...texts: readonly string[]): Column[] {
  return texts.map((text) => {
    const [name, ...marks] = text.split(":");
    const type = marks.find((mark) => ["integer", "number", "boolean", "date"].includes(mark)) as Column["type"];
    return {
      name: name!,
      type: type ?? "string",
      format: marks.includes("name") ? "name" : "",
      priority: marks.includes("+") ? 1 : 0,
    };
  });
}

/** The columns and cells of kinds for which upstream has no printer. */
export const plainColumns = columns("Name:name", "Created At:date");
export const plainCells = (object: KubernetesObject): [string, string] => [
  object.metadata.name,
  object.metadata.creationTimestamp,
];
