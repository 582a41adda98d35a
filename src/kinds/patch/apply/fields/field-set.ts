// Sets of fields, as trees, and their algebra (structured-merge-diff's fieldpath.Set). Sets are immutable and share
// structure: an operation that changes nothing returns the very set that it was given. Imports what is beside it.
import type { JsonMap } from "../../json-value.ts";
import { compareElements } from "./path-element.ts";

/** What a set says of one path element: whether the field itself is in the set, and which below it are. */
export interface FieldEntry {
  readonly member: boolean;
  /** Never empty. */
  readonly children: FieldSet | undefined;
  /** The entry as FieldsV1, frozen, once it was read or written: entries are shared by the sets that come of a set. */
  written: JsonMap | undefined;
}

/** Fields by path element. No entry is empty: each is a member or has children. */
export type FieldSet = ReadonlyMap<string, FieldEntry>;
export type FieldSetDraft = Map<string, FieldEntry>;

export const emptySet: FieldSet = new Map();
export const emptyFields: JsonMap = Object.freeze({});
export const leaf: FieldEntry = Object.freeze({ member: true, children: undefined, written: emptyFields });

/** An entry, unless it would be empty. */
export function makeEntry(member: boolean, children: FieldSet | undefined): FieldEntry | undefined {
  const below = children !== undefined && children.size > 0 ? children : undefined;
  if (below !== undefined) return { member, children: below, written: undefined };
  return member ? leaf : undefined;
}

/** The set of the given paths; each a list of path elements. */
export function setOfPaths(paths: readonly (readonly string[])[]): FieldSet {
  return paths.reduce<FieldSet>((set, path) => (path.length === 0 ? set : union(set, pathSet(path))), emptySet);
}

function pathSet(path: readonly string[]): FieldSet {
  let entry: FieldEntry = leaf;
  for (let index = path.length - 1; index > 0; index--) {
    entry = { member: false, children: new Map([[path[index]!, entry]]), written: undefined };
  }
  return new Map([[path[0]!, entry]]);
}

/** Whether the field at a path is in the set. */
export function hasPath(set: FieldSet, path: readonly string[]): boolean {
  let entry: FieldEntry | undefined;
  let at: FieldSet | undefined = set;
  for (const element of path) {
    entry = at?.get(element);
    at = entry?.children;
  }
  return entry?.member ?? false;
}

export function union(left: FieldSet, right: FieldSet): FieldSet {
  if (left === right || right.size === 0) return left;
  if (left.size === 0) return right;
  let out: FieldSetDraft | undefined;
  for (const [element, theirs] of right) {
    const ours = left.get(element);
    const merged = ours === undefined ? theirs : unionEntries(ours, theirs);
    if (merged !== ours) (out ??= new Map(left)).set(element, merged);
  }
  return out ?? left;
}

function unionEntries(left: FieldEntry, right: FieldEntry): FieldEntry {
  if (left === right) return left;
  const member = left.member || right.member;
  const children = union(left.children ?? emptySet, right.children ?? emptySet);
  if (member === left.member && children.size === (left.children?.size ?? 0)) {
    if (children === left.children || children.size === 0) return left;
  }
  return makeEntry(member, children) ?? left;
}

/** What is in both sets. */
export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  if (left === right) return left;
  const [smaller, larger] = left.size <= right.size ? [left, right] : [right, left];
  let out: FieldSetDraft | undefined;
  for (const [element, one] of smaller) {
    const other = larger.get(element);
    if (other === undefined) continue;
    const children = one.children && other.children ? intersection(one.children, other.children) : undefined;
    const entry = makeEntry(one.member && other.member, children);
    if (entry !== undefined) (out ??= new Map()).set(element, entry);
  }
  return out ?? emptySet;
}

/** `left` without the fields of `right`; what is below a removed field stays. */
export function difference(left: FieldSet, right: FieldSet): FieldSet {
  return subtract(left, right, (ours, theirs) => {
    const children = ours.children && theirs.children ? difference(ours.children, theirs.children) : ours.children;
    const member = ours.member && !theirs.member;
    return member === ours.member && children === ours.children ? ours : makeEntry(member, children);
  });
}

/** `left` without the fields of `right` and all that is below them. */
export function recursiveDifference(left: FieldSet, right: FieldSet): FieldSet {
  return subtract(left, right, (ours, theirs) => {
    if (theirs.member) return undefined;
    if (ours.children === undefined || theirs.children === undefined) return ours;
    const children = recursiveDifference(ours.children, theirs.children);
    return children === ours.children ? ours : makeEntry(ours.member, children);
  });
}

/** The wildcard of patterns: any one path element. */
export const anyElement = "*";

/** What of a set is at, above or below the patterns, each a path whose elements may be `anyElement`. */
export function onlyMatching(set: FieldSet, patterns: readonly (readonly string[])[]): FieldSet {
  // A pattern that has ended matches all below it.
  if (patterns.some((pattern) => pattern.length === 0)) return set;
  let out: FieldSetDraft | undefined;
  for (const [element, entry] of set) {
    const rest = patterns
      .filter(([first]) => first === anyElement || first === element)
      .map((pattern) => pattern.slice(1));
    if (rest.length === 0) continue;
    const kept = makeEntry(entry.member, entry.children && onlyMatching(entry.children, rest));
    if (kept !== undefined) (out ??= new Map()).set(element, kept);
  }
  return out ?? emptySet;
}

function subtract(
  left: FieldSet,
  right: FieldSet,
  subtractEntries: (ours: FieldEntry, theirs: FieldEntry) => FieldEntry | undefined,
): FieldSet {
  if (left.size === 0 || right.size === 0) return left;
  let out: FieldSetDraft | undefined;
  for (const [element, theirs] of right) {
    const ours = left.get(element);
    if (ours === undefined) continue;
    const rest = subtractEntries(ours, theirs);
    if (rest === ours) continue;
    out ??= new Map(left);
    if (rest === undefined) out.delete(element);
    else out.set(element, rest);
  }
  return out ?? left;
}

/** Path elements in FieldsV1's order. */
export function sortedElements(set: FieldSet): string[] {
  const elements = [...set.keys()];
  if (elements.length < 2) return elements;
  return elements.every((element) => element.charCodeAt(0) === 102 /* f */)
    ? elements.sort()
    : elements.sort(compareElements);
}

/** Every path of the set, in upstream's order: first the members of a level, then what is below it. */
export function listPaths(set: FieldSet, prefix: readonly string[] = []): string[][] {
  const elements = sortedElements(set);
  const members = elements.filter((element) => set.get(element)?.member).map((element) => [...prefix, element]);
  const below = elements.flatMap((element) => {
    const children = set.get(element)?.children;
    return children ? listPaths(children, [...prefix, element]) : [];
  });
  return [...members, ...below];
}
