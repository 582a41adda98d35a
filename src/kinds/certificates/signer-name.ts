// The names of signers: "example.com/signer". May import src/base.
import { invalid, quote, required, tooLong, type FieldError } from "../../base/field-error.ts";
import { byteLength, isDNS1123Label, isDNS1123Subdomain } from "../meta/names.ts";

const domainMaxBytes = 253;
/** A path takes a domain's name, a label and a dot between them; both parts have a slash between them. */
const nameMaxBytes = domainMaxBytes + (domainMaxBytes + 63 + 1) + 1;

/** The errors of the first part between dots that isn't what it has to be. */
function validateParts(text: string, field: string, check: (part: string) => string[]): FieldError[] {
  const wrong = text.split(".").find((part) => check(part).length > 0);
  if (wrong === undefined) return [];
  return check(wrong).map((message) => invalid(field, text, `validating label ${quote(wrong)}: ${message}`));
}

export function validateSignerName(name: string, field: string): FieldError[] {
  if (name === "") return [required(field)];
  const [domain = "", path, ...more] = name.split("/");
  if (path === undefined || more.length > 0) {
    const detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    return [invalid(field, name, detail)];
  }
  const errors = byteLength(domain) > domainMaxBytes ? [tooLong(field, domainMaxBytes)] : [];
  errors.push(...validateParts(domain, field, isDNS1123Label));
  if (!domain.includes(".")) {
    errors.push(invalid(field, domain, "should be a domain with at least two segments separated by dots"));
  }
  errors.push(...validateParts(path, field, isDNS1123Subdomain));
  if (byteLength(name) > nameMaxBytes) errors.push(tooLong(field, nameMaxBytes));
  return errors;
}
