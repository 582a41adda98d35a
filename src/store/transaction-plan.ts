// What a transaction would do to a given state, decided purely; the engines then make it durable. May import src/base.
import { assert } from "../base/assert.ts";
import type { Change, Version } from "./revision-index.ts";
import type { Compare, Operation } from "./store.ts";

export type TransactionPlan<Slot> =
  | { readonly kind: "changes"; readonly changes: readonly Change<Slot>[] }
  /** The first compare that failed, with what the key holds. */
  | { readonly kind: "mismatch"; readonly key: string; readonly current: Version<Slot> | undefined };

type Put = Extract<Operation, { kind: "put" }>;

/** `lookup` is the state that compares see. A key may be named by one operation only. Deleting what isn't there is no change. */
export function planTransaction<Slot>(
  lookup: (key: string) => Version<Slot> | undefined,
  compares: readonly Compare[],
  operations: readonly Operation[],
  revision: number,
  slotOf: (operation: Put) => Slot,
  deletionOf?: () => Slot,
): TransactionPlan<Slot> {
  for (const { key, modRevision } of compares) {
    const current = lookup(key);
    if ((current?.modRevision ?? 0) !== modRevision) return { kind: "mismatch", key, current };
  }
  if (operations.length > 1) {
    const keys = new Set(operations.map((operation) => operation.key));
    assert(keys.size === operations.length, "a transaction names a key twice");
  }
  const changes: Change<Slot>[] = [];
  for (const operation of operations) {
    const { key } = operation;
    const previous = lookup(key);
    if (operation.kind === "delete") {
      if (previous) changes.push({ revision, key, version: undefined, previous, deletion: deletionOf?.() });
      continue;
    }
    const createRevision = previous?.createRevision ?? revision;
    const { expiresAtMs } = operation;
    const version = { key, modRevision: revision, createRevision, expiresAtMs, slot: slotOf(operation) };
    changes.push({ revision, key, version, previous });
  }
  return { kind: "changes", changes };
}
