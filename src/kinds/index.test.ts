// Kinds' records against what a real 1.36.3 API server serves: names, verbs, subresources, columns.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import test from "node:test";
import { builtInKinds, findKind, findKindOfResource, laterKinds } from "./index.ts";
import { standardVerbs, type Column, type Kind } from "./kind.ts";
import type { KubernetesObject } from "./object.ts";

const reference = `${process.env["PROA_REFERENCE"] ?? "../shared/reference"}/kubernetes-1.36`;
const skip = existsSync(reference) ? false : `no reference at ${reference}`;
const kinds = [...builtInKinds, ...laterKinds];

const listOf = (text: string | undefined): string[] => (text ? text.split(",") : []);
const sorted = (list: readonly string[]): string[] => [...list].sort();

interface Row {
  readonly names: object;
  readonly verbs: readonly string[];
  readonly subresources: readonly string[];
}

function readRow(line: string): readonly [key: string, row: Row] {
  const [group, version, , plural, kind, scope, singular, shortNames, categories, verbs, subresources] =
    line.split("\t");
  const names = {
    kind,
    singular,
    namespaced: scope === "N",
    shortNames: listOf(shortNames),
    categories: listOf(categories),
  };
  const served = verbs === "STD8" ? standardVerbs : listOf(verbs);
  const parts = (subresources ?? "").split(";").filter((one) => one !== "");
  return [`${group}/${version}/${plural}`, { names, verbs: sorted(served), subresources: sorted(parts) }];
}

const keyOf = ({ group, version, plural }: Kind): string => `${group || "core"}/${version}/${plural}`;

function rowOf({ kind, singular, namespaced, shortNames, categories, verbs, subresources }: Kind): Row {
  return {
    names: { kind, singular, namespaced, shortNames, categories },
    verbs: sorted(verbs),
    subresources: sorted(
      subresources.map(({ name, body, verbs: own }) => `${name}(${body?.kind ?? kind}:${sorted(own).join(",")})`),
    ),
  };
}

test("kinds are called what upstream calls them and serve the same verbs", { skip }, () => {
  const lines = readFileSync(`${reference}/api-surface.tsv`, "utf8").trimEnd().split("\n").slice(1);
  const rows = new Map(lines.map(readRow));
  for (const kind of kinds) assert.deepEqual([keyOf(kind), rowOf(kind)], [keyOf(kind), rows.get(keyOf(kind))]);
});

/** An object with nothing in it but what every stored one has. */
function makeEmpty(kind: Kind): KubernetesObject {
  const draft = { metadata: { name: "x", creationTimestamp: "2020-01-01T00:00:00Z" } };
  kind.strategy.default?.(draft);
  return draft as KubernetesObject;
}

// Upstream's rows of IPAddresses have a cell more than there are columns.
const longerRows = ["networking.k8s.io/v1/ipaddresses"];

test("kinds print the columns that upstream prints", { skip }, () => {
  type Columns = Readonly<Record<string, Column[]>>;
  const served = JSON.parse(readFileSync(`${reference}/served/table-columns.json`, "utf8")) as Columns;
  for (const kind of kinds.filter(({ virtual }) => !virtual)) {
    const { group, version, plural } = kind;
    const columns = served[`${group ? `/apis/${group}` : "/api"}/${version}/${plural}`];
    if (!columns) continue;
    const own = kind.columns.map((column) => ({ ...column, format: column.format ?? "" }));
    assert.deepEqual([keyOf(kind), own], [keyOf(kind), columns]);
    const cells = kind.cells(makeEmpty(kind), Date.parse("2020-01-01T01:00:00Z"));
    const extra = longerRows.includes(keyOf(kind)) ? 1 : 0;
    assert.equal(cells.length, columns.length + extra, keyOf(kind));
  }
});

test("findKind and findKindOfResource find the served kinds and no others", () => {
  for (const kind of builtInKinds) {
    assert.equal(findKind(kind.group, kind.version, kind.kind), kind);
    assert.equal(findKindOfResource(kind.group, kind.version, kind.plural), kind);
  }
  assert.equal(findKind("", "v1", "constructor"), undefined);
  assert.equal(new Set(kinds.map(keyOf)).size, kinds.length);
});
