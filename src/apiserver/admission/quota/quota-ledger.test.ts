// The ledger against a store of quotas that tests change under its hands.
import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../../../base/errors.ts";
import { evaluatorOf } from "../../../kinds/quota/evaluators.ts";
import type { ResourceQuota } from "../../../kinds/types/core-v1.gen.ts";
import type { ObjectReader } from "../../object-reader.ts";
import type { AdmissionContext } from "../../ports.ts";
import { QuotaLedger } from "./quota-ledger.ts";

const evaluator = evaluatorOf("", "configmaps")!;

class Quotas {
  readonly all = new Map<string, ResourceQuota>();
  updates = 0;
  /** Called before each update is compared: another writer. */
  meddle: (() => void) | undefined;
  #revision = 0;

  put(name: string, used: string | undefined, hard = "5"): void {
    const status = { hard: { configmaps: hard }, ...(used === undefined ? {} : { used: { configmaps: used } }) };
    const metadata = { name, namespace: "a", uid: name, resourceVersion: String((this.#revision += 1)) };
    this.all.set(name, { metadata, status } as never);
  }
  used(name: string): string | undefined {
    return this.all.get(name)?.status?.used?.["configmaps"];
  }
  readonly reader = {
    list: () => [...this.all.values()],
    get: () => undefined,
    onChange() {},
  } as unknown as ObjectReader;
  readonly update = async (quota: ResourceQuota): Promise<ResourceQuota | undefined> => {
    this.updates += 1;
    await Promise.resolve();
    this.meddle?.();
    const { name, resourceVersion } = quota.metadata;
    if (this.all.get(name)?.metadata.resourceVersion !== resourceVersion) return undefined;
    this.put(name, quota.status?.used?.["configmaps"], quota.status?.hard?.["configmaps"]);
    return this.all.get(name);
  };
}

const contextOf = (name: string): AdmissionContext =>
  ({
    operation: "CREATE",
    resource: { group: "", version: "v1", resource: "configmaps" },
    subresource: "",
    name,
    namespace: "a",
    object: { metadata: { name, namespace: "a" } },
    oldObject: undefined,
    dryRun: false,
    nowMs: 0,
  }) as never;

const outcome = (promise: Promise<void>): Promise<string> =>
  promise.then(
    () => "",
    (error: unknown) => (error instanceof StatusError ? error.message : String(error)),
  );
async function settle(): Promise<void> {
  for (let round = 0; round < 100; round += 1) await Promise.resolve();
}

test("admit charges all that wait in one update", async () => {
  const quotas = new Quotas();
  quotas.put("q", "1");
  const ledger = new QuotaLedger(quotas.reader, quotas.update);
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, (_none, index) => outcome(ledger.admit(contextOf(`m${index}`), evaluator))),
  );
  assert.equal(outcomes.filter((one) => one === "").length, 4);
  assert.equal(quotas.used("q"), "5");
  assert.equal(quotas.updates, 2);
  assert.equal(
    outcomes.at(-1),
    'configmaps "m7" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=5, limited: configmaps=5',
  );
});

test("admit refuses while nobody has counted", async () => {
  const quotas = new Quotas();
  quotas.put("q", undefined);
  const ledger = new QuotaLedger(quotas.reader, quotas.update);
  assert.equal(
    await outcome(ledger.admit(contextOf("m"), evaluator)),
    'configmaps "m" is forbidden: status unknown for quota: q, resources: configmaps',
  );
});

test("admit tries again where somebody else was faster, and gives up with a conflict", async () => {
  const quotas = new Quotas();
  quotas.put("q", "0");
  quotas.put("other", "0");
  const ledger = new QuotaLedger(quotas.reader, quotas.update);
  quotas.meddle = () => {
    quotas.meddle = undefined;
    quotas.put("q", "3");
  };
  assert.equal(await outcome(ledger.admit(contextOf("m"), evaluator)), "");
  assert.deepEqual([quotas.used("q"), quotas.used("other")], ["4", "1"]);
  quotas.meddle = () => quotas.put("q", "3");
  assert.equal(
    await outcome(ledger.admit(contextOf("n"), evaluator)),
    'Operation cannot be fulfilled on resourcequotas "q": the object has been modified; ' +
      "please apply your changes to the latest version and try again",
  );
  quotas.meddle = undefined;
  await settle();
  assert.equal(quotas.used("other"), "1");
});

test("giveBack takes off what the write took", async () => {
  const quotas = new Quotas();
  quotas.put("q", "1");
  const ledger = new QuotaLedger(quotas.reader, quotas.update);
  const [first, second] = [contextOf("m"), contextOf("n")];
  await ledger.admit(first, evaluator);
  await ledger.admit(second, evaluator);
  ledger.giveBack(first);
  ledger.giveBack(first);
  await settle();
  assert.equal(quotas.used("q"), "2");
});

test("giveBack leaves a quota alone that was counted anew since", async () => {
  const quotas = new Quotas();
  quotas.put("q", "1");
  const ledger = new QuotaLedger(quotas.reader, quotas.update);
  const context = contextOf("m");
  await ledger.admit(context, evaluator);
  quotas.put("q", "1");
  ledger.giveBack(context);
  await settle();
  assert.equal(quotas.used("q"), "1");
});

test("a quota that can't be written fails the write and gives back what others have charged", async () => {
  const quotas = new Quotas();
  quotas.put("a", "0");
  quotas.put("b", "0");
  const ledger = new QuotaLedger(quotas.reader, (quota) =>
    quota.metadata.name === "b" ? Promise.reject(new Error("no store")) : quotas.update(quota),
  );
  assert.equal(await outcome(ledger.admit(contextOf("m"), evaluator)), "Error: no store");
  await settle();
  assert.deepEqual([quotas.used("a"), quotas.used("b")], ["0", "0"]);
});
