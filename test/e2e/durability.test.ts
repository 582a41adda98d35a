// The whole process is killed while clients write over HTTPS, round after round: every write that was acknowledged must be
// there when it is up again. PROA_KILL_ROUNDS sets how often, PROA_SEED the moments. Needs no root. May import node,
// src/host.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { waitFor } from "./program.ts";
import { TestCluster } from "./test-cluster.ts";
import { Acknowledged, ApiUser, readAccess } from "./writer.ts";

const { PROA_KILL_ROUNDS: roundsText = "3", PROA_SEED: seedText } = process.env;
const rounds = Number(roundsText);
const seed = Number(seedText ?? Date.now() % 1_000_000);
const writers = 8;
const [loadMsMin, loadMsRange] = [300, 1500];

/** Numbers from 0 to 1 that follow from a seed (a linear congruential generator, Numerical Recipes' constants). */
function seeded(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Writes until the connection breaks; every answer until then must be a success. */
async function write(acknowledged: Acknowledged, user: ApiUser, ended: AbortSignal): Promise<void> {
  for (let count = 0; !ended.aborted; count += 1) {
    let refused;
    try {
      refused = await (count % 4 === 3 ? acknowledged.update(user) : acknowledged.create(user));
    } catch (error) {
      if (ended.aborted) return;
      throw error;
    }
    assert.ok(refused === undefined || ended.aborted, refused?.body);
  }
}

test(`no acknowledged write is lost when the process is killed ${rounds} times`, async () => {
  console.log(`PROA_SEED=${seed} PROA_KILL_ROUNDS=${rounds}`);
  const random = seeded(seed);
  const cluster = new TestCluster("kill");
  const acknowledged = new Acknowledged();
  try {
    for (let round = 0; round < rounds; round += 1) {
      await cluster.up("--runtime", "simulated");
      const user = new ApiUser(readAccess(cluster.kubeconfig));
      await acknowledged.check(user);
      const before = acknowledged.size;
      const ended = new AbortController();
      const writing = Array.from({ length: writers }, () => write(acknowledged, user, ended.signal));
      const processId = await cluster.processId();
      await Promise.race([delay(loadMsMin + random() * loadMsRange), ...writing]);
      ended.abort();
      process.kill(processId, "SIGKILL");
      await Promise.all(writing);
      user.close();
      console.log(`round ${round + 1}: ${acknowledged.size - before} creations were acknowledged`);
      assert.ok(acknowledged.size > before);
      await waitFor("the process is gone", 5000, async () => (await cluster.command("status")).code === 1);
    }
    await cluster.up("--runtime", "simulated");
    const user = new ApiUser(readAccess(cluster.kubeconfig));
    await acknowledged.check(user);
    user.close();
  } finally {
    await cluster.remove();
  }
});
