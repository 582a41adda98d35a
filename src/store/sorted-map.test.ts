// Tests of the sorted map against a plain Map.
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../base/random.ts";
import { SortedMap } from "./sorted-map.ts";

const sorted = (model: Map<string, number>): [string, number][] =>
  [...model].sort(([left], [right]) => (left < right ? -1 : 1));

function check(map: SortedMap<number>, model: Map<string, number>, prefix: string, after?: string): void {
  const expected = sorted(model).filter(([key]) => key.startsWith(prefix) && (after === undefined || key > after));
  const seen: [string, number][] = [];
  map.walk(prefix, after, (value, key) => {
    seen.push([key, value]);
    return true;
  });
  assert.deepEqual(seen, expected);
  assert.equal(map.count(prefix, after), expected.length);
}

test("SortedMap does what a Map does when keys come and go at random", () => {
  const seed = 20260731;
  const random = seededRandom(seed);
  let map = new SortedMap<number>();
  const model = new Map<string, number>();
  const forks: [SortedMap<number>, Map<string, number>][] = [];
  for (let step = 0; step < 30_000; step += 1) {
    const key = `/${"abc"[Math.floor(random.next() * 3)]}/${Math.floor(random.next() * 3000)}`;
    const grow = step % 10_000 < 6_000 ? 0.7 : 0.1;
    if (random.next() < grow) {
      map.set(key, step);
      model.set(key, step);
    } else assert.equal(map.delete(key), model.delete(key), `seed ${seed}`);
    if (step % 5_000 === 4_999) {
      forks.push([map, new Map(model)]);
      map = map.fork();
      for (const [prefix, after] of [
        ["", undefined],
        ["/b/", undefined],
        ["/b/", "/b/5"],
        ["/b/", "/c"],
        ["/x", "/a"],
      ] as const) {
        check(map, model, prefix, after);
      }
    }
    assert.equal(map.get(key), model.get(key));
    assert.equal(map.size, model.size);
  }
  for (const [fork, then] of forks) check(fork, then, "");
});
