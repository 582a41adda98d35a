// Names in device claims and slices: pools, attributes, shares (k8s.io/kubernetes pkg/apis/resource/validation). May
// import src/base.
import { duplicate, invalid, required, tooLong, type FieldError } from "../../base/field-error.ts";
import { validateDriverName } from "../core/volumes/persistent-volume-sources.ts";
import { byteLength, isDNS1123Label, isDNS1123Subdomain, isLabelValue } from "../meta/names.ts";
import { validateLabelName } from "../meta/object-meta.ts";
import { isCIdentifier } from "../meta/value-names.ts";
import { validateList } from "./bounded-lists.ts";
import { bindingConditionsMax, identifierMaxBytes, poolNameMaxBytes } from "./limits.ts";

const messagesAt = (messages: readonly string[], field: string, value: string): FieldError[] =>
  messages.map((message) => invalid(field, value, message));

export const validateLabelAt = (name: string, field: string): FieldError[] =>
  messagesAt(isDNS1123Label(name), field, name);
export const validateSubdomainAt = (name: string, field: string): FieldError[] =>
  messagesAt(isDNS1123Subdomain(name), field, name);
export const validateValueAt = (value: string, field: string): FieldError[] =>
  messagesAt(isLabelValue(value), field, value);

export function validatePoolName(name: string, field: string): FieldError[] {
  if (name === "") return [required(field)];
  const errors = byteLength(name) > poolNameMaxBytes ? [tooLong(field, poolNameMaxBytes)] : [];
  return [...errors, ...name.split("/").flatMap((part) => validateSubdomainAt(part, field))];
}

function validateIdentifier(id: string, field: string): FieldError[] {
  const errors = byteLength(id) > identifierMaxBytes ? [tooLong(field, identifierMaxBytes)] : [];
  return [...errors, ...messagesAt(isCIdentifier(id), field, id)];
}

/** `model` or `driver.example.com/model`. Upstream lets names with more slashes pass. */
export function validateDeviceKey(name: string, field: string): FieldError[] {
  const [first = "", second, ...more] = name.split("/");
  if (second === undefined) return validateIdentifier(first, field);
  if (more.length > 0) return [];
  return [
    ...(first === "" ? [invalid(field, "", "the domain must not be empty")] : validateDriverName(first, field)),
    ...(second === "" ? [invalid(field, "", "the name must not be empty")] : validateIdentifier(second, field)),
  ];
}

/** As validateDeviceKey, with a domain in any case. */
export function validateFullDeviceKey(name: string, field: string): FieldError[] {
  const errors = validateDeviceKey(name, field);
  if (name.includes("/")) return errors;
  return [...errors, invalid(field, name, "a fully qualified name must be a domain and a name separated by a slash")];
}

const uidForms: Readonly<Record<number, RegExp>> = {
  32: /^[0-9a-f]{32}$/i,
  36: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  38: /^\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}$/i,
  45: /^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
};

/** A UUID as RFC 4122 writes it; its other forms have an error of their own. */
export function validateUID(uid: string, field: string): FieldError[] {
  const form = uidForms[byteLength(uid)];
  if (!form) return [invalid(field, uid, `error validating uid: invalid UUID length: ${byteLength(uid)}`)];
  if (!form.test(uid)) return [invalid(field, uid, "error validating uid: invalid UUID format")];
  if (uid.length === 36 && uid === uid.toLowerCase()) return [];
  const detail =
    "uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal " +
    "characters";
  return [invalid(field, uid, detail)];
}

interface BindingConditions {
  readonly bindingConditions?: readonly string[];
  readonly bindingFailureConditions?: readonly string[];
}

/** The conditions that say whether a device came to its node: both lists or none, with nothing twice. */
export function validateBindingConditions(object: BindingConditions, field: string): FieldError[] {
  const { bindingConditions: wanted = [], bindingFailureConditions: failed = [] } = object;
  const wantedField = `${field}.bindingConditions`;
  const failedField = `${field}.bindingFailureConditions`;
  const errors = [
    ...validateList(wanted, bindingConditionsMax, wantedField, validateLabelName),
    ...validateList(failed, bindingConditionsMax, failedField, validateLabelName),
  ];
  for (const [index, name] of wanted.entries()) {
    if (wanted.indexOf(name) < index) errors.push(duplicate(`${wantedField}[${index}]`, name));
  }
  for (const [index, name] of failed.entries()) {
    const at = `${failedField}[${index}]`;
    if (failed.indexOf(name) < index) errors.push(duplicate(at, name));
    const detail = "bindingFailureConditions must not overlap with bindingConditions";
    if (wanted.includes(name)) errors.push(invalid(at, name, detail));
  }
  const list = (names: readonly string[] | undefined): readonly string[] | null => names ?? null;
  if (wanted.length === 0 && failed.length > 0) {
    const detail = "bindingConditions are required to use bindingFailureConditions";
    errors.push(invalid(wantedField, list(object.bindingConditions), detail));
  }
  if (failed.length === 0 && wanted.length > 0) {
    const detail = "bindingFailureConditions are required to use bindingConditions";
    errors.push(invalid(failedField, list(object.bindingFailureConditions), detail));
  }
  return errors;
}
