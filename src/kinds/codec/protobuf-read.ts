// Protobuf messages into JSON objects of a definition: unknown fields are skipped, what Go leaves out of JSON is left
// out. May import src/base.
import { ProtobufReader, WireError } from "../../base/protobuf-wire.ts";
import { setOwn } from "../../base/json/json-exact.ts";
import type { JsonObject } from "../object.ts";
import type { Definitions, Field } from "../schema.ts";
import { isEmpty } from "./decode-value.ts";
import { protobufDepthMax } from "./limits.ts";
import { protoMessage } from "./protobuf-plan.ts";
import type { ProtoMember, ProtoMessage } from "./protobuf-plan.ts";
import { bytesToBase64, readFields, readIntOrString, readQuantity, readRaw, readTime } from "./protobuf-scalars.ts";

const wireTypes: Partial<Record<Field["type"], number>> = { boolean: 0, int32: 0, int64: 0, double: 1 };

class MessageReader {
  readonly #definitions: Definitions;
  #depth = 0;
  constructor(definitions: Definitions) {
    this.#definitions = definitions;
  }

  message(reader: ProtobufReader, message: ProtoMessage, into: Record<string, unknown>): void {
    this.#depth += 1;
    if (this.#depth > protobufDepthMax) throw new WireError("proto: message is nested too deep");
    while (!reader.done) {
      const { number, wireType } = reader.tag();
      const member = message.byNumber.get(number);
      if (!member) reader.skip(wireType);
      else this.#member(reader, member, wireType, into);
    }
    this.#depth -= 1;
  }

  #member(reader: ProtobufReader, member: ProtoMember, wireType: number, into: Record<string, unknown>): void {
    if (member.kind === "embedded") {
      if (wireType !== 2) throw new WireError(`proto: wrong wireType = ${wireType} for field ${member.number}`);
      this.message(reader.message(), member.message, into);
      return;
    }
    const { key, field } = member.plan;
    const itemType = field.type === "list" && member.repeated ? field.items!.type : field.type;
    if (wireType !== (wireTypes[itemType] ?? 2)) {
      throw new WireError(`proto: wrong wireType = ${wireType} for field ${key}`);
    }
    if (field.type === "list" && member.repeated) {
      const list = (into[key] ??= []) as unknown[];
      list.push(this.#value(reader, field.items!) ?? null);
      return;
    }
    if (field.type === "map") {
      this.#entry(reader.message(), field.items!, (into[key] ??= {}) as Record<string, unknown>);
      return;
    }
    const before = into[key];
    const value = this.#value(reader, field, before);
    if (value === undefined || isEmpty(member.plan, value)) delete into[key];
    else into[key] = value;
  }

  #entry(reader: ProtobufReader, items: Field, into: Record<string, unknown>): void {
    let key = "";
    let value: unknown;
    readFields(reader, (number, wireType) => {
      if (number === 1 && wireType === 2) key = reader.text();
      else if (number === 2 && wireType === (wireTypes[items.type] ?? 2)) value = this.#value(reader, items);
      else return false;
      return true;
    });
    setOwn(into, key, value ?? (items.type === "string" || items.type === "bytes" ? "" : {}));
  }

  #value(reader: ProtobufReader, field: Field, before?: unknown): unknown {
    switch (field.type) {
      case "string":
        return reader.text();
      case "bytes":
        return bytesToBase64(reader.bytes());
      case "boolean":
        return reader.bool();
      case "int32":
        return reader.int32();
      case "int64":
        return Number(reader.int64());
      case "double":
        return reader.double();
      case "quantity":
        return readQuantity(reader.message());
      case "int-or-string":
        return readIntOrString(reader.message());
      case "time":
      case "micro-time":
        return readTime(reader.message(), field.type === "micro-time");
      case "struct": {
        const message = protoMessage(this.#definitions, field.ref!);
        const object = typeof before === "object" && before !== null ? (before as Record<string, unknown>) : {};
        if (message) this.message(reader.message(), message, object);
        return object;
      }
      case "list":
        return this.#wrappedList(reader.message(), field.items!);
      default:
        return this.#raw(reader.message(), field);
    }
  }

  /** A named list type is a message whose field 1 is repeated. */
  #wrappedList(reader: ProtobufReader, items: Field): unknown[] {
    const list: unknown[] = [];
    readFields(reader, (number) => {
      if (number !== 1) return false;
      list.push(this.#value(reader, items));
      return true;
    });
    return list;
  }

  #raw(reader: ProtobufReader, field: Field): unknown {
    if (!field.ref?.startsWith("apiextensions.v1.JSONSchemaPropsOr")) return readRaw(reader);
    const schema = protoMessage(this.#definitions, "apiextensions.v1.JSONSchemaProps")!;
    let one: Record<string, unknown> | undefined;
    let allows = false;
    const many: unknown[] = [];
    const readSchema = (): Record<string, unknown> => {
      const object = {};
      this.message(reader.message(), schema, object);
      return object;
    };
    const boolean = field.ref.endsWith("OrBool");
    readFields(reader, (number, wireType) => {
      if (boolean && number === 1 && wireType === 0) allows = reader.bool();
      else if (number === (boolean ? 2 : 1) && wireType === 2) one = readSchema();
      else if (number === 2 && wireType === 2) many.push(field.ref!.endsWith("OrArray") ? readSchema() : reader.text());
      else return false;
      return true;
    });
    return one ?? (boolean ? allows : many);
  }
}

/** Reads the message of a definition into a fresh object. Throws WireError, QuantityError, SyntaxError. */
export function readMessage(bytes: Uint8Array, definitions: Definitions, definitionName: string): JsonObject {
  const message = protoMessage(definitions, definitionName);
  if (!message) throw new WireError(`object ${definitionName} is not marshalable to protobuf`);
  const object: Record<string, unknown> = {};
  new MessageReader(definitions).message(new ProtobufReader(bytes), message, object);
  return object as JsonObject;
}
