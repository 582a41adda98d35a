// JSON objects of a definition into protobuf messages, byte for byte as upstream's generated code writes them: fields
// in the order of numbers, what isn't a pointer always, maps sorted by key. May import src/base.
import type { ProtobufWriter } from "../../base/protobuf-wire.ts";
import type { JsonObject } from "../object.ts";
import type { Definitions, Field } from "../schema.ts";
import { protoMessage } from "./protobuf-plan.ts";
import type { ProtoMember, ProtoMessage } from "./protobuf-plan.ts";
import { base64ToBytes, writeIntOrString, writeQuantity, writeRaw, writeTime } from "./protobuf-scalars.ts";

type Values = Readonly<Record<string, unknown>>;

class MessageWriter {
  readonly #definitions: Definitions;
  constructor(definitions: Definitions) {
    this.#definitions = definitions;
  }

  message(writer: ProtobufWriter, message: ProtoMessage, object: Values): void {
    for (const member of message.members) {
      if (member.kind === "embedded") {
        if (member.pointer && !this.#hasAny(member.message, object)) continue;
        writer.messageField(member.number, (inner) => this.message(inner, member.message, object));
      } else this.#field(writer, member, object);
    }
  }

  #hasAny(message: ProtoMessage, object: Values): boolean {
    return message.members.some((member) =>
      member.kind === "field" ? object[member.plan.key] !== undefined : this.#hasAny(member.message, object),
    );
  }

  #field(writer: ProtobufWriter, member: ProtoMember & { kind: "field" }, object: Values): void {
    const { key, field, pointer } = member.plan;
    const value = Object.hasOwn(object, key) ? (object[key] ?? undefined) : undefined;
    if (field.type === "list" && member.repeated) {
      for (const item of (value ?? []) as unknown[]) this.#value(writer, member.number, field.items!, item);
    } else if (field.type === "map") {
      const entries = Object.entries((value ?? {}) as Values).toSorted(([a], [b]) => (a < b ? -1 : 1));
      for (const [name, part] of entries) {
        writer.messageField(member.number, (inner) => {
          inner.textField(1, name);
          this.#value(inner, 2, field.items!, part);
        });
      }
    } else if (value !== undefined || !(pointer || field.type === "bytes" || field.type === "list")) {
      this.#value(writer, member.number, field, value);
    }
  }

  /** An absent value is written as Go's zero. */
  #value(writer: ProtobufWriter, number: number, field: Field, value: unknown): void {
    switch (field.type) {
      case "string":
        return writer.textField(number, (value ?? "") as string);
      case "bytes":
        return writer.bytesField(number, base64ToBytes((value ?? "") as string));
      case "boolean":
        return writer.boolField(number, value === true);
      case "int32":
      case "int64":
        return writer.integerField(number, (value ?? 0) as number);
      case "double":
        return writer.doubleField(number, (value ?? 0) as number);
      case "quantity":
        return writer.messageField(number, (inner) => writeQuantity(inner, (value ?? "0") as string));
      case "int-or-string":
        return writer.messageField(number, (inner) => writeIntOrString(inner, (value ?? 0) as number | string));
      case "time":
      case "micro-time":
        return writer.messageField(number, (inner) =>
          writeTime(inner, value as string | undefined, field.type === "micro-time"),
        );
      case "struct":
        return writer.messageField(number, (inner) => {
          const message = protoMessage(this.#definitions, field.ref!);
          if (message) this.message(inner, message, (value ?? {}) as Values);
        });
      case "list":
        return writer.messageField(number, (inner) => {
          for (const item of (value ?? []) as unknown[]) this.#value(inner, 1, field.items!, item);
        });
      default:
        return writer.messageField(number, (inner) => this.#raw(inner, field, value));
    }
  }

  #raw(writer: ProtobufWriter, field: Field, value: unknown): void {
    if (value === undefined) return;
    if (!field.ref?.startsWith("apiextensions.v1.JSONSchemaPropsOr")) return writeRaw(writer, value);
    const schema = protoMessage(this.#definitions, "apiextensions.v1.JSONSchemaProps")!;
    const writeSchema = (number: number, one: unknown): void =>
      writer.messageField(number, (inner) => this.message(inner, schema, one as Values));
    const boolean = field.ref.endsWith("OrBool");
    const isSchema = typeof value === "object" && !Array.isArray(value);
    if (boolean) writer.boolField(1, isSchema || value === true);
    if (isSchema) writeSchema(boolean ? 2 : 1, value);
    else if (Array.isArray(value)) {
      for (const item of value) {
        if (typeof item === "string") writer.textField(2, item);
        else writeSchema(2, item);
      }
    }
  }
}

/** Writes an object's message. */
export function writeMessage(
  writer: ProtobufWriter,
  object: JsonObject,
  definitions: Definitions,
  definitionName: string,
): void {
  const message = protoMessage(definitions, definitionName);
  if (message) new MessageWriter(definitions).message(writer, message, object);
}
