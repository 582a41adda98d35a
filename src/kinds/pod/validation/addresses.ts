// IP addresses in a pod: those that a stored object has may stay, and one of each family is allowed. May import
// src/base.
import type { FieldError } from "../../../base/field-error.ts";
import { isIPv6, parseIP, validateLegacyIP, warnOfIP } from "../../meta/ip.ts";

/** `validOld`: values that the stored object has and may keep. */
export const validateAddress = (value: string, field: string, validOld: readonly string[] = []): FieldError[] =>
  validOld.includes(value) ? [] : validateLegacyIP(field, value);

/** What a client is warned of. */
export const warnOfAddress = (value: string, field: string): string[] => warnOfIP(field, value);

/** Whether addresses are of both families; "unparseable" where one of them is none. */
export function addressFamilies(values: readonly string[]): "both" | "one" | "unparseable" {
  const addresses = values.map(parseIP);
  if (addresses.includes(undefined)) return "unparseable";
  const count = addresses.filter((bytes) => isIPv6(bytes!)).length;
  return count > 0 && count < addresses.length ? "both" : "one";
}
