// What claims and classes both say of devices: selectors, and parameters for the driver. May import src/base.
import { invalid, required, tooLong, type FieldError } from "../../base/field-error.ts";
import { validateDriverName } from "../core/volumes/persistent-volume-sources.ts";
import { byteLength } from "../meta/names.ts";
import type { Json } from "../schema.ts";
import type { DeviceSelector, OpaqueDeviceConfiguration } from "../types/resource-v1.gen.ts";
import { validateList } from "./bounded-lists.ts";
import { expressionMaxBytes, parametersMaxBytes, selectorsMax } from "./limits.ts";

/** A JSON object that only its driver understands. */
export function validateRawObject(
  value: Json | undefined,
  field: string,
  maxBytes: number,
  stored = false,
): FieldError[] {
  if (value === undefined || value === null) return [required(field)];
  if (!stored && byteLength(JSON.stringify(value)) > maxBytes) return [tooLong(field, maxBytes)];
  const isObject = typeof value === "object" && !Array.isArray(value);
  return isObject ? [] : [invalid(field, "<value omitted>", "must be a valid JSON object")];
}

export function validateConfiguration(
  { opaque }: { readonly opaque?: OpaqueDeviceConfiguration },
  field: string,
  stored = false,
): FieldError[] {
  const at = `${field}.opaque`;
  if (!opaque) return [required(at)];
  return [
    ...validateDriverName(opaque.driver, `${at}.driver`),
    ...validateRawObject(opaque.parameters, `${at}.parameters`, parametersMaxBytes, stored),
  ];
}

/** The selectors' form. Whether an expression is CEL is for the server to say: expressionsOf lists them. */
export function validateSelectors(selectors: readonly DeviceSelector[] | undefined, field: string): FieldError[] {
  return validateList(selectors, selectorsMax, field, ({ cel }, at) => {
    if (!cel) return [required(`${at}.cel`)];
    const tooMuch = byteLength(cel.expression ?? "") > expressionMaxBytes;
    return tooMuch ? [tooLong(`${at}.cel.expression`, expressionMaxBytes)] : [];
  });
}

/** A CEL expression in an object, and its field's name in errors. */
export interface DeviceExpression {
  readonly field: string;
  readonly expression: string;
}

export function expressionsOf(selectors: readonly DeviceSelector[] | undefined, field: string): DeviceExpression[] {
  return (selectors ?? []).flatMap(({ cel }, index) =>
    cel ? [{ field: `${field}[${index}].cel.expression`, expression: cel.expression ?? "" }] : [],
  );
}
