// Tests of label and field selectors: upstream's grammar and words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { exactField, matchesFields, parseFields, printFields } from "./fields.ts";
import { formatSelector, matcherOfLabels, matcherOfSelector, matchesLabels, nothing, printLabels } from "./labels.ts";
import { parseLabels } from "./parse-labels.ts";

const printed: [string, string][] = [
  ["", ""],
  ["a=b,c!=d", "a=b,c!=d"],
  ["z, e in (y , x),f notin (z),!g", "e in (x,y),f notin (z),!g,z"],
  ["x in ()", "x in ()"],
  ["x in (,a,)", "x in (,a)"],
  ["x=", "x="],
  ["x in (in,notin)", "x in (in,notin)"],
  ["in=a", "in=a"],
  ["a>1,b<2", "a>1,b<2"],
  ["a==b", "a==b"],
];
test("parseLabels reads what printLabels prints, sorted by key", () => {
  for (const [text, expected] of printed) assert.equal(printLabels(parseLabels(text)), expected, text);
});

const wrong: [string, string][] = [
  ["a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
  ["a in (b", "unable to parse requirement: found '', expected: ',' or ')'"],
  ["a=b=c", "found '=', expected: ',' or 'end of string'"],
  ["a,", "found '', expected: identifier after ','"],
  [",a", "found ',', expected: !, identifier, or 'end of string'"],
  [
    "a>x",
    "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
  ],
  ["!a=b", "found '=', expected: ',' or 'end of string'"],
  ["a in b", "unable to parse requirement: found 'b' expected: '('"],
  ["!", "unable to parse requirement: found '', expected: identifier"],
];
test("parseLabels throws upstream's words", () => {
  for (const [text, message] of wrong) assert.throws(() => parseLabels(text), { message }, text);
  assert.throws(() => parseLabels("a/b/c"), {
    message: /^unable to parse requirement: <nil>: Invalid value: "a\/b\/c": a/,
  });
});

test("matchesLabels holds for every operator as upstream defines it", () => {
  const labels = { app: "web", tier: "3" };
  for (const text of ["app=web", "app in (web,db)", "app!=db", "none!=x", "none notin (x)", "!none", "app", "tier>2"]) {
    assert.equal(matchesLabels(parseLabels(text), labels), true, text);
  }
  for (const text of ["app=db", "none=x", "app notin (web)", "none", "!app", "tier>3", "app>1", "none<9", "toString"]) {
    assert.equal(matchesLabels(parseLabels(text), labels), false, text);
  }
  assert.equal(matchesLabels(nothing, {}), false);
  assert.equal(matchesLabels(matcherOfLabels({ app: "web" }), labels), true);
});

test("matcherOfSelector matches nothing when absent and everything when empty", () => {
  assert.equal(matchesLabels(matcherOfSelector(undefined), {}), false);
  assert.equal(matchesLabels(matcherOfSelector({}), {}), true);
  const selector = { matchLabels: { b: "1" }, matchExpressions: [{ key: "a", operator: "In", values: ["y", "x"] }] };
  assert.equal(formatSelector(selector), "a in (x,y),b=1");
  assert.equal(formatSelector({}), "<none>");
  assert.equal(formatSelector({ matchExpressions: [{ key: "a", operator: "In" }] }), "<error>");
  assert.throws(() => matcherOfSelector({ matchExpressions: [{ key: "a", operator: "x" }] }), {
    message: '"x" is not a valid label selector operator',
  });
});

test("parseFields splits, unescapes, sorts and refuses in upstream's words", () => {
  const fields = parseFields("b!=x,a==1\\,2,c=");
  assert.equal(printFields(fields), "a=1\\,2,b!=x,c=");
  assert.equal(exactField(fields, "a"), "1,2");
  assert.equal(
    matchesFields(fields, (field) => (field === "a" ? "1,2" : "")),
    true,
  );
  assert.equal(
    matchesFields(fields, () => "x"),
    false,
  );
  const bad: [string, string][] = [
    ["metadata.name in (a)", "invalid selector: 'metadata.name in (a)'; can't understand 'metadata.name in (a)'"],
    ["a=b=c", "invalid field selector: unescaped character in value: 61"],
    ["a=\\x", "invalid field selector: invalid escape sequence: \\x"],
  ];
  for (const [text, message] of bad) assert.throws(() => parseFields(text), { message }, text);
});
