// Tests of duration.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { humanAge, humanDuration, shortHumanDuration } from "./duration.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

test("humanDuration keeps two or three figures", () => {
  const cases: [number, string][] = [
    [-3 * second, "<invalid>"],
    [-second, "0s"],
    [0, "0s"],
    [119 * second, "119s"],
    [2 * minute, "2m"],
    [2 * minute + 5 * second, "2m5s"],
    [10 * minute + 5 * second, "10m"],
    [179 * minute, "179m"],
    [3 * hour, "3h"],
    [3 * hour + 7 * minute, "3h7m"],
    [8 * hour + 7 * minute, "8h"],
    [47 * hour, "47h"],
    [2 * day, "2d"],
    [2 * day + 3 * hour, "2d3h"],
    [8 * day + 3 * hour, "8d"],
    [729 * day, "729d"],
    [730 * day, "2y"],
    [731 * day, "2y1d"],
    [8 * 365 * day + day, "8y"],
  ];
  for (const [ms, want] of cases) assert.equal(humanDuration(ms), want);
});

test("shortHumanDuration keeps one figure and humanAge tells what is unknown", () => {
  assert.equal(shortHumanDuration(61 * second), "1m");
  assert.equal(shortHumanDuration(25 * hour), "1d");
  assert.equal(humanAge(undefined, 0), "<unknown>");
  assert.equal(humanAge("1970-01-01T00:00:00Z", 5 * second), "5s");
});
