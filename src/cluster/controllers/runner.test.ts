// The runner: refusals in one line, told less and less; changes in order; a controller's own writes. May import all layers.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Controller } from "../../controllers/controller.ts";
import { keyOf } from "../../controllers/controller.ts";
import { configMap } from "../../kinds/core/config-map.ts";
import type { ConfigMap } from "../../kinds/types/core-v1.gen.ts";
import { startVirtualControlPlane } from "../virtual-control-plane.suite.ts";

const source = { kind: configMap, keysOf: (object: ConfigMap) => [keyOf(object)] };

test("runner tells of refused changes in single lines, less and less often", async (context) => {
  const fixture = await startVirtualControlPlane();
  context.after(() => fixture.stop());
  const forbidden: Controller<any> = {
    name: "ttl-controller",
    sources: [source as never],
    workers: 1,
    reconcile: (key, view) => {
      const found = view.list(configMap).find((one) => keyOf(one) === key);
      return { changes: found ? [{ do: "delete", kind: configMap, object: found }] : [] };
    },
  };
  await fixture.admin.create(configMap, { metadata: { name: "a", namespace: "default" } });
  await fixture.run([forbidden]);
  await fixture.clock.advance(60_000);
  assert.ok(fixture.refused.length >= 10, "it goes on trying");
  assert.deepEqual(
    fixture.errors.map(({ fields }) => fields["times"]),
    [1, 2, 4, 8],
  );
  for (const { fields } of fixture.errors) {
    assert.equal(typeof fields["error"], "string", "no stack");
    assert.match(fields["error"] as string, /cannot delete resource "configmaps"/);
    assert.equal(fields["controller"], "ttl-controller");
  }
});

test("runner lets a controller see its own writes before it looks again, and tells of bugs with their stack", async (context) => {
  const fixture = await startVirtualControlPlane();
  context.after(() => fixture.stop());
  const counts: number[] = [];
  let thrown = false;
  const maker: Controller<any> = {
    name: "generic-garbage-collector",
    sources: [source as never],
    workers: 4,
    reconcile(key, view) {
      const found = view.list(configMap).find((one) => keyOf(one) === key);
      const count = Number(found?.data?.["count"] ?? 0);
      counts.push(count);
      if (count === 3 && !thrown) {
        thrown = true;
        throw new TypeError("a bug");
      }
      if (!found || count >= 5) return { changes: [] };
      const patch = { data: { count: String(count + 1) } };
      const { name, namespace } = found.metadata;
      return { changes: [{ do: "patch", kind: configMap, name, namespace, patch, options: { type: "merge" } }] };
    },
  };
  await fixture.run([maker]);
  await fixture.admin.create(configMap, { metadata: { name: "a", namespace: "default" } });
  await fixture.clock.advance(1_000);
  assert.deepEqual(counts.slice(0, 4), [0, 1, 2, 3]);
  assert.equal(counts.at(-1), 5);
  assert.deepEqual(
    fixture.errors.map(({ fields }) => fields["error"] instanceof TypeError),
    [true],
  );
  assert.deepEqual(fixture.refused, []);
});
