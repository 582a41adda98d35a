// A struct's protobuf message, compiled once: fields by number, with embedded structs as messages of their own.
// May import src/base.
import type { Definitions } from "../schema.ts";
import { structPlan } from "./struct-plan.ts";
import type { FieldPlan } from "./struct-plan.ts";

/** A field of JSON, or an embedded message whose fields lie in the same JSON object. */
export type ProtoMember =
  | { readonly kind: "field"; readonly number: number; readonly plan: FieldPlan; readonly repeated: boolean }
  | { readonly kind: "embedded"; readonly number: number; readonly pointer: boolean; readonly message: ProtoMessage };

export interface ProtoMessage {
  readonly byNumber: ReadonlyMap<number, ProtoMember>;
  /** In the order of numbers, as upstream writes them. */
  readonly members: readonly ProtoMember[];
}

function compile(fields: readonly FieldPlan[], depth: number): ProtoMessage {
  const members: ProtoMember[] = [];
  const groups = new Map<number, { pointer: boolean; fields: FieldPlan[] }>();
  for (const plan of fields) {
    const place = plan.proto!;
    const outer = place.embedded[depth];
    if (!outer) {
      members.push({ kind: "field", number: place.number, plan, repeated: place.repeated });
      continue;
    }
    const group = groups.get(outer.number) ?? { pointer: outer.pointer, fields: [] };
    group.fields.push(plan);
    groups.set(outer.number, group);
  }
  for (const [number, { pointer, fields: inner }] of groups) {
    members.push({ kind: "embedded", number, pointer, message: compile(inner, depth + 1) });
  }
  members.sort((a, b) => a.number - b.number);
  return { members, byNumber: new Map(members.map((member) => [member.number, member])) };
}

const compiled = new WeakMap<Definitions, Map<string, ProtoMessage>>();

/** The message of a definition; undefined where it has none. */
export function protoMessage(definitions: Definitions, definitionName: string): ProtoMessage | undefined {
  let known = compiled.get(definitions);
  if (!known) compiled.set(definitions, (known = new Map()));
  const found = known.get(definitionName);
  if (found) return found;
  const plan = structPlan(definitions, definitionName);
  if (!plan) return undefined;
  const message = compile(
    [...plan.fields.values()].filter((field) => field.proto !== undefined),
    0,
  );
  known.set(definitionName, message);
  return message;
}
