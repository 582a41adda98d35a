// The OpenAPI v2 document as protobuf (`application/com.github.proto-openapi.spec.v2@v1.0+protobuf`), which client-go
// asks for. Source: the messages of github.com/google/gnostic-models openapiv2. May import src/base.
import { ProtobufWriter } from "../../base/protobuf-wire.ts";
import type { Schema } from "./schemas.ts";

type Values = Readonly<Record<string, unknown>>;
type Write = (writer: ProtobufWriter) => void;

const asValues = (value: unknown): Values => (value ?? {}) as Values;
const asList = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

function text(writer: ProtobufWriter, number: number, value: unknown): void {
  if (typeof value === "string" && value !== "") writer.textField(number, value);
}
function flag(writer: ProtobufWriter, number: number, value: unknown): void {
  if (value === true) writer.boolField(number, true);
}
function texts(writer: ProtobufWriter, number: number, value: unknown): void {
  for (const one of asList(value)) writer.textField(number, String(one));
}
/** Free values are YAML text; JSON is YAML. */
function free(writer: ProtobufWriter, number: number, value: unknown): void {
  writer.messageField(number, (any) => any.textField(2, JSON.stringify(value)));
}
function named(writer: ProtobufWriter, number: number, name: string, write: Write): void {
  writer.messageField(number, (pair) => {
    pair.textField(1, name);
    pair.messageField(2, write);
  });
}
function extensions(writer: ProtobufWriter, number: number, values: Values): void {
  for (const [name, value] of Object.entries(values)) {
    if (name.startsWith("x-")) named(writer, number, name, (any) => any.textField(2, JSON.stringify(value)));
  }
}

function writeSchema(writer: ProtobufWriter, schema: Values): void {
  text(writer, 1, schema["$ref"]);
  text(writer, 2, schema["format"]);
  text(writer, 4, schema["description"]);
  if (schema["default"] !== undefined) free(writer, 5, schema["default"]);
  texts(writer, 19, schema["required"]);
  for (const value of asList(schema["enum"])) free(writer, 20, value);
  const additional = schema["additionalProperties"];
  if (additional !== undefined) {
    writer.messageField(21, (item) => {
      if (typeof additional === "boolean") item.boolField(2, additional);
      else item.messageField(1, (inner) => writeSchema(inner, asValues(additional)));
    });
  }
  if (schema["type"] !== undefined) writer.messageField(22, (item) => text(item, 1, schema["type"]));
  if (schema["items"] !== undefined) {
    writer.messageField(23, (item) => item.messageField(1, (inner) => writeSchema(inner, asValues(schema["items"]))));
  }
  if (schema["properties"] !== undefined) {
    writer.messageField(25, (properties) => writeNamedSchemas(properties, asValues(schema["properties"])));
  }
  extensions(writer, 31, schema);
}

function writeNamedSchemas(writer: ProtobufWriter, schemas: Values): void {
  for (const [name, schema] of Object.entries(schemas)) {
    named(writer, 1, name, (inner) => writeSchema(inner, asValues(schema)));
  }
}

/** A parameter in the body, the path or the query, each with numbers of its own. */
function writeParameter(writer: ProtobufWriter, parameter: Values): void {
  const { name, required, type, uniqueItems, schema } = parameter;
  const place = parameter["in"];
  writer.messageField(1, (item) => {
    if (place === "body") {
      item.messageField(1, (body) => {
        text(body, 1, parameter["description"]);
        text(body, 2, name);
        text(body, 3, place);
        flag(body, 4, required);
        body.messageField(5, (inner) => writeSchema(inner, asValues(schema)));
      });
      return;
    }
    const inPath = place === "path";
    item.messageField(2, (nonBody) =>
      nonBody.messageField(inPath ? 4 : 3, (inner) => {
        flag(inner, 1, required);
        text(inner, 2, place);
        text(inner, 3, parameter["description"]);
        text(inner, 4, name);
        text(inner, inPath ? 5 : 6, type);
        flag(inner, inPath ? 19 : 20, uniqueItems);
      }),
    );
  });
}

function writeParameters(writer: ProtobufWriter, number: number, parameters: unknown): void {
  for (const one of asList(parameters)) {
    writer.messageField(number, (item) => writeParameter(item, asValues(one)));
  }
}

function writeOperation(writer: ProtobufWriter, operation: Values): void {
  texts(writer, 1, operation["tags"]);
  text(writer, 3, operation["description"]);
  text(writer, 5, operation["operationId"]);
  texts(writer, 6, operation["produces"]);
  texts(writer, 7, operation["consumes"]);
  writeParameters(writer, 8, operation["parameters"]);
  writer.messageField(9, (responses) => {
    for (const [code, value] of Object.entries(asValues(operation["responses"]))) {
      const { description, schema } = asValues(value);
      named(responses, 1, code, (item) =>
        item.messageField(1, (response) => {
          text(response, 1, description);
          if (schema === undefined) return;
          response.messageField(2, (one) => one.messageField(1, (inner) => writeSchema(inner, asValues(schema))));
        }),
      );
    }
  });
  texts(writer, 10, operation["schemes"]);
  extensions(writer, 13, operation);
}

const methods = ["get", "put", "post", "delete", "options", "head", "patch"];

function writePathItem(writer: ProtobufWriter, item: Values): void {
  methods.forEach((method, index) => {
    const operation = item[method];
    if (operation !== undefined) writer.messageField(index + 2, (inner) => writeOperation(inner, asValues(operation)));
  });
  writeParameters(writer, 9, item["parameters"]);
  extensions(writer, 10, item);
}

/** The bytes of a document that openApiV2Document made. */
export function encodeOpenApiV2(document: Schema): Uint8Array {
  const writer = new ProtobufWriter();
  text(writer, 1, document["swagger"]);
  const info = asValues(document["info"]);
  writer.messageField(2, (inner) => {
    text(inner, 1, info["title"]);
    text(inner, 2, info["version"]);
  });
  writer.messageField(8, (paths) => {
    for (const [path, item] of Object.entries(asValues(document["paths"]))) {
      named(paths, 2, path, (inner) => writePathItem(inner, asValues(item)));
    }
  });
  writer.messageField(9, (definitions) => writeNamedSchemas(definitions, asValues(document["definitions"])));
  for (const requirement of asList(document["security"])) {
    writer.messageField(12, (inner) => {
      for (const [name, scopes] of Object.entries(asValues(requirement))) {
        named(inner, 1, name, (list) => texts(list, 1, scopes));
      }
    });
  }
  writer.messageField(13, (security) => {
    for (const [name, value] of Object.entries(asValues(document["securityDefinitions"]))) {
      const key = asValues(value);
      named(security, 1, name, (item) =>
        item.messageField(2, (inner) => {
          text(inner, 1, key["type"]);
          text(inner, 2, key["name"]);
          text(inner, 3, key["in"]);
          text(inner, 4, key["description"]);
        }),
      );
    }
  });
  return writer.finish();
}
