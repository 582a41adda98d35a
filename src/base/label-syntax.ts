// What a label's key and value may be, in upstream's words. Source: k8s.io/apimachinery/pkg/api/validate/content.
// May import src/base.
import { labelBytesMax, subdomainBytesMax } from "./limits.ts";

const nameFormat = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const subdomainFormat = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const nameShape = new RegExp(`^${nameFormat}$`);
const valueShape = new RegExp(`^(${nameFormat})?$`);
const subdomainShape = new RegExp(`^${subdomainFormat}$`);

const nameMessage =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
  `(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${nameFormat}')`;
const valueMessage =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and " +
  "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
  `'(${nameFormat})?')`;
const subdomainMessage =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
  `end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomainFormat}')`;

const encoder = new TextEncoder();
/** A length is checked in bytes; only text that isn't ASCII needs encoding. */
const sizeBytes = (text: string): number => encoder.encode(text).length;
const tooLong = (text: string, bytesMax: number): boolean => text.length > bytesMax || sizeBytes(text) > bytesMax;
const longMessage = (bytesMax: number): string => `must be no more than ${bytesMax} bytes`;

/** What is wrong with a DNS subdomain (RFC 1123); an empty list: nothing. */
export function subdomainErrors(text: string): string[] {
  const errors: string[] = [];
  if (tooLong(text, subdomainBytesMax)) return [longMessage(subdomainBytesMax), ...subdomainShapeErrors(text)];
  errors.push(...subdomainShapeErrors(text));
  return errors;
}
const subdomainShapeErrors = (text: string): string[] => (subdomainShape.test(text) ? [] : [subdomainMessage]);

/** What is wrong with a label's key (a qualified name); an empty list: nothing. */
export function labelKeyErrors(key: string): string[] {
  const parts = key.split("/");
  if (parts.length > 2) {
    return [
      `a valid label key ${nameMessage} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const errors: string[] = [];
  const name = parts.at(-1)!;
  if (parts.length === 2) {
    const prefix = parts[0]!;
    if (prefix === "") errors.push("prefix part must be non-empty");
    else errors.push(...subdomainErrors(prefix).map((message) => `prefix part ${message}`));
  }
  if (name === "") errors.push("name part must be non-empty");
  else if (tooLong(name, labelBytesMax)) errors.push(`name part ${longMessage(labelBytesMax)}`);
  if (!nameShape.test(name)) errors.push(`name part ${nameMessage}`);
  return errors;
}

/** What is wrong with a label's value; an empty list: nothing. */
export function labelValueErrors(value: string): string[] {
  const errors: string[] = [];
  if (tooLong(value, labelBytesMax)) errors.push(longMessage(labelBytesMax));
  if (!valueShape.test(value)) errors.push(valueMessage);
  return errors;
}
