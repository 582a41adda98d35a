// Which texts YAML 1.1 would read as something else than text when they stand unquoted: numbers, dates, booleans, null.
// Facts of go.yaml.in/yaml/v2, which decides what upstream quotes. Imports nothing.
const words = new Set(
  [
    ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"],
    ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"],
    ["", "~", "null", "Null", "NULL"],
    [".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"],
  ].flat(),
);

const base60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const goInteger = /^[+-]?(?:0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)$/;
const yamlFloat = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
const pointFloat = /^\.[0-9]+([eE][-+]?[0-9]+)?$/;
const clock = "([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?";
const timestamp = new RegExp(
  `^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[Tt]${clock}(?:Z|[+-][0-9]{2}:[0-9]{2})| ${clock})?$`,
);

function isTimestamp(text: string): boolean {
  const match = timestamp.exec(text);
  if (!match) return false;
  const [year, month, day] = match.slice(1, 4).map(Number) as [number, number, number];
  const [hour, minute, second] = [match[4] ?? match[7], match[5] ?? match[8], match[6] ?? match[9]].map(Number);
  const last = month >= 1 && month <= 12 ? new Date(Date.UTC(year, month, 0)).getUTCDate() : 0;
  if (day < 1 || day > last) return false;
  return !(hour! > 23 || minute! > 59 || second! > 59);
}

/** A number that fits 64 bits; with a prefix of its base, what doesn't fit is text. */
function isInteger(text: string): boolean {
  if (!goInteger.test(text)) return false;
  const digits = text.replace(/^[+-]/, "");
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits}` : digits);
  if (text.startsWith("-")) return value <= 1n << 63n;
  return value < 1n << (text.startsWith("+") ? 63n : 64n);
}

/** Whether a text must be quoted since it would be read as another type. */
export function readsAsOther(text: string): boolean {
  if (words.has(text)) return true;
  const first = text[0]!;
  if (first === ".") return pointFloat.test(text) && Number.isFinite(Number(text));
  if (!/[0-9+-]/.test(first)) return false;
  if (base60.test(text) || isTimestamp(text)) return true;
  const plain = text.replaceAll("_", "");
  return isInteger(plain) || (yamlFloat.test(plain) && Number.isFinite(Number(plain)));
}
