// The difference of two statuses of a pod as a strategic merge patch: what others write into the status (conditions of
// readiness gates) is not touched, and no write conflicts (pkg/util/pod: PatchPodStatus). Imports src/kinds.
import type { Json } from "../../kinds/schema.ts";
import type { JsonObject } from "../../kinds/object.ts";
import type { Pod, PodCondition, PodStatus } from "../../kinds/types/core-v1.gen.ts";
import { ownConditions } from "./pod-conditions.ts";
import { isTerminalPhase } from "./container-spec.ts";

const text = (value: unknown): string => stable(value);

/** JSON with sorted keys and without undefined: equal objects have equal texts. */
function stable(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stable).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
  return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${stable(part)}`).join(",")}}`;
}

/** Lists that a strategic merge patch merges by a key; all else in a pod's status is replaced as a whole. */
const mergedLists: ReadonlyMap<string, string> = new Map([
  ["conditions", "type"],
  ["podIPs", "ip"],
  ["hostIPs", "ip"],
]);

/** Fields of the status that others own. */
const foreignFields: ReadonlySet<string> = new Set([
  "nominatedNodeName",
  "resourceClaimStatuses",
  "extendedResourceClaimStatus",
  "nodeAllocatableResourceClaimStatuses",
  "resize",
]);

type Item = Readonly<Record<string, unknown>>;

function listPatch(key: string, old: readonly Item[], next: readonly Item[]): JsonObject[] {
  const changed = next.filter((item) => {
    const before = old.find((one) => one[key] === item[key]);
    return !before || text(before) !== text(item);
  });
  const removed = old.filter((item) => !next.some((one) => one[key] === item[key]));
  return [
    ...changed.map((item) =>
      withNulls(
        old.find((one) => one[key] === item[key]),
        item,
      ),
    ),
    ...removed.map((item) => ({ $patch: "delete", [key]: item[key] as Json })),
  ];
}

/** The item, and null for what it no longer has. */
function withNulls(old: Item | undefined, item: Item): JsonObject {
  const patch: JsonObject = {};
  for (const [name, value] of Object.entries(item)) if (value !== undefined) patch[name] = value as Json;
  for (const name of Object.keys(old ?? {})) if (item[name] === undefined) patch[name] = null;
  return patch;
}

/** The patch that turns `old` into `next`; undefined where they say the same. */
export function statusPatch(uid: string, old: PodStatus, next: PodStatus): JsonObject | undefined {
  const patch: JsonObject = {};
  const names = new Set([...Object.keys(old), ...Object.keys(next)]);
  for (const name of names) {
    if (foreignFields.has(name)) continue;
    const before = (old as Item)[name];
    const after = (next as Item)[name];
    if (text(before ?? null) === text(after ?? null)) continue;
    const key = mergedLists.get(name);
    if (after === undefined) patch[name] = null;
    else if (key) patch[name] = listPatch(key, (before as Item[]) ?? [], after as Item[]);
    else patch[name] = replaced(before, after);
  }
  return Object.keys(patch).length === 0 ? undefined : { metadata: { uid }, status: patch };
}

/** Objects are merged too: what has gone needs a null. */
function replaced(before: unknown, after: unknown): Json {
  if (Array.isArray(after) || typeof after !== "object" || after === null) return stripped(after);
  const patch: JsonObject = {};
  for (const [name, value] of Object.entries(after)) {
    if (value !== undefined) patch[name] = replaced((before as Item | undefined)?.[name], value);
  }
  for (const name of Object.keys((before as Item | undefined) ?? {})) {
    if ((after as Item)[name] === undefined) patch[name] = null;
  }
  return patch;
}

const stripped = (value: unknown): Json => JSON.parse(JSON.stringify(value ?? null)) as Json;

/**
 * What may be written of `next` onto the API's status: conditions of others stay, and a last phase is not told while
 * containers may still run (pkg/kubelet/status: mergePodStatus).
 */
export function mergeStatus(pod: Pod, next: PodStatus, mayRun: boolean): PodStatus {
  const old = pod.status ?? {};
  const foreign = (old.conditions ?? []).filter(({ type }) => !ownConditions.has(type));
  const ending = !isTerminalPhase(old.phase) && isTerminalPhase(next.phase);
  const own: PodCondition[] = [];
  for (const condition of next.conditions ?? []) {
    if (ownConditions.has(condition.type)) own.push(condition);
    else if (condition.type === "DisruptionTarget" && ending && !mayRun) own.push(condition);
  }
  const kept = foreign.filter(({ type }) => !own.some((one) => one.type === type));
  let merged: PodStatus = { ...next, conditions: [...kept, ...own] };
  if (ending && mayRun) {
    const { reason: _reason, message: _message, ...rest } = merged;
    merged = {
      ...rest,
      ...(old.phase ? { phase: old.phase } : {}),
      ...(old.reason ? { reason: old.reason } : {}),
      ...(old.message ? { message: old.message } : {}),
    };
  }
  return merged;
}
