// Rules for names, labels and other short texts. Each check returns what is wrong in upstream's words; an empty list: the
// text is allowed. Source: k8s.io/apimachinery/pkg/util/validation and pkg/api/validate/content. May import src/base.

const encoder = new TextEncoder();

/** The length that limits are given in: bytes of UTF-8. */
export function byteLength(text: string): number {
  for (let at = 0; at < text.length; at += 1) {
    if (text.charCodeAt(at) > 0x7f) return encoder.encode(text).length;
  }
  return text.length;
}

export const maxLengthError = (limit: number): string => `must be no more than ${limit} characters`;
// Upstream has two copies of the rule, which differ in this word; label keys and values use the newer one.
const maxBytesError = (limit: number): string => `must be no more than ${limit} bytes`;
export const emptyError = "must be non-empty";
export const inclusiveRangeError = (low: number, high: number): string =>
  `must be between ${low} and ${high}, inclusive`;

/** What a text that fails a regular expression is answered, with examples of texts that pass. */
export function regexError(message: string, format: string, ...examples: readonly string[]): string {
  if (examples.length === 0) return `${message} (regex used for validation is '${format}')`;
  const list = examples.map((one) => `'${one}', `).join(" or ");
  return `${message} (e.g. ${list}regex used for validation is '${format}')`;
}

const whole = (format: string): RegExp => new RegExp(`^(?:${format})$`);

const dns1123LabelFormat = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const dns1123LabelMessage =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with " +
  "an alphanumeric character";
const dns1123LabelPattern = whole(dns1123LabelFormat);
export const dns1123LabelMaxBytes = 63;

const dns1123SubdomainFormat = `${dns1123LabelFormat}(\\.${dns1123LabelFormat})*`;
const dns1123SubdomainMessage =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
  "end with an alphanumeric character";
const dns1123SubdomainPattern = whole(dns1123SubdomainFormat);
export const dns1123SubdomainMaxBytes = 253;

export function isDNS1123Label(value: string): string[] {
  const errors: string[] = [];
  if (byteLength(value) > dns1123LabelMaxBytes) errors.push(maxLengthError(dns1123LabelMaxBytes));
  if (!dns1123LabelPattern.test(value)) {
    const dots = dns1123SubdomainPattern.test(value);
    errors.push(
      dots ? "must not contain dots" : regexError(dns1123LabelMessage, dns1123LabelFormat, "my-name", "123-abc"),
    );
  }
  return errors;
}

function checkSubdomain(value: string, lengthError: (limit: number) => string): string[] {
  const errors: string[] = [];
  if (byteLength(value) > dns1123SubdomainMaxBytes) errors.push(lengthError(dns1123SubdomainMaxBytes));
  if (!dns1123SubdomainPattern.test(value)) {
    errors.push(regexError(dns1123SubdomainMessage, dns1123SubdomainFormat, "example.com"));
  }
  return errors;
}
export const isDNS1123Subdomain = (value: string): string[] => checkSubdomain(value, maxLengthError);

const underscoreLabelFormat = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const underscoreSubdomainFormat = `${underscoreLabelFormat}(\\.${underscoreLabelFormat})*`;
const underscoreSubdomainPattern = whole(underscoreSubdomainFormat);

/** As isDNS1123Subdomain, with underscores allowed: DNS search paths. */
export function isDNS1123SubdomainWithUnderscore(value: string): string[] {
  const errors: string[] = [];
  if (byteLength(value) > dns1123SubdomainMaxBytes) errors.push(maxLengthError(dns1123SubdomainMaxBytes));
  if (!underscoreSubdomainPattern.test(value)) {
    const message =
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must " +
      "start and end with an alphanumeric character";
    errors.push(regexError(message, underscoreSubdomainFormat, "example.com"));
  }
  return errors;
}

const wildcardFormat = `\\*\\.${dns1123SubdomainFormat}`;
const wildcardPattern = whole(wildcardFormat);

export function isWildcardDNS1123Subdomain(value: string): string[] {
  const errors: string[] = [];
  if (byteLength(value) > dns1123SubdomainMaxBytes) errors.push(maxLengthError(dns1123SubdomainMaxBytes));
  if (!wildcardPattern.test(value)) {
    const message =
      "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of " +
      "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
    errors.push(regexError(message, wildcardFormat, "*.example.com"));
  }
  return errors;
}

const labelKeyFormat = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const labelKeyMessage =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const labelKeyPattern = whole(labelKeyFormat);
export const labelValueMaxBytes = 63;

const nameError = (): string => regexError(labelKeyMessage, labelKeyFormat, "MyName", "my.name", "123-abc");

/** A label key, also "qualified name": an optional prefix (a DNS subdomain) and a name, with "/" between. */
export function isQualifiedName(value: string): string[] {
  const parts = value.split("/");
  if (parts.length > 2) {
    return [
      `a valid label key ${nameError()} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const errors: string[] = [];
  const name = parts.at(-1)!;
  if (parts.length === 2) {
    const messages = parts[0] === "" ? [emptyError] : checkSubdomain(parts[0]!, maxBytesError);
    errors.push(...messages.map((message) => `prefix part ${message}`));
  }
  if (name === "") errors.push(`name part ${emptyError}`);
  else if (byteLength(name) > labelValueMaxBytes) errors.push(`name part ${maxBytesError(labelValueMaxBytes)}`);
  if (!labelKeyPattern.test(name)) errors.push(`name part ${nameError()}`);
  return errors;
}

const labelValueFormat = `(${labelKeyFormat})?`;
const labelValuePattern = whole(labelValueFormat);

export function isLabelValue(value: string): string[] {
  const errors: string[] = [];
  if (byteLength(value) > labelValueMaxBytes) errors.push(maxBytesError(labelValueMaxBytes));
  if (!labelValuePattern.test(value)) {
    const message =
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start " +
      "and end with an alphanumeric character";
    errors.push(regexError(message, labelValueFormat, "MyValue", "my_value", "12345"));
  }
  return errors;
}

/** A name that is a part of a path in URLs: what every object's name must be. */
export function isPathSegmentName(name: string): string[] {
  if (name === "." || name === "..") return [`may not be '${name}'`];
  return isPathSegmentPrefix(name);
}
export function isPathSegmentPrefix(name: string): string[] {
  return ["/", "%"].filter((one) => name.includes(one)).map((one) => `may not contain '${one}'`);
}

/** What checks a kind's names; `prefix`: the text is a generateName, and more will follow it. */
export type CheckName = (name: string, prefix: boolean) => string[];

// A generateName may end with a dash, since letters follow. Upstream cuts two characters off where one is meant, which
// nobody can notice but by the length; kept.
const maskTrailingDash = (name: string): string =>
  name.length > 1 && name.endsWith("-") ? `${name.slice(0, -2)}a` : name;

export const nameIsDNSSubdomain: CheckName = (name, prefix) =>
  isDNS1123Subdomain(prefix ? maskTrailingDash(name) : name);
export const nameIsDNSLabel: CheckName = (name, prefix) => isDNS1123Label(prefix ? maskTrailingDash(name) : name);
export const nameIsPathSegment: CheckName = (name, prefix) =>
  prefix ? isPathSegmentPrefix(name) : isPathSegmentName(name);
