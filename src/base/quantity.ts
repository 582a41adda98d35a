// Kubernetes quantities ("100m", "1.5Gi", "12e6"), exactly as upstream computes them: parsing with its errors, the
// canonical text that keeps the format, comparison, sums and rounding. Numbers are bigints: unscaled × 10^scale.
// Source: k8s.io/apimachinery/pkg/api/resource. May import src/base.
import { quantityAlignDigitsMax } from "./limits.ts";

/** The suffixes that a quantity is printed with: 12Mi, 12M, 12e6. */
export type QuantityFormat = "BinarySI" | "DecimalSI" | "DecimalExponent";

export interface Quantity {
  readonly unscaled: bigint;
  /** The power of ten that `unscaled` is multiplied by. */
  readonly scale: number;
  readonly format: QuantityFormat;
  /** True where upstream left its int64 form for big decimals, whose Value() treats negative fractions otherwise. */
  readonly big: boolean;
  /** The text as it was written, where upstream takes it for canonical. */
  readonly text?: string;
}

/** The text isn't a quantity; the message is upstream's. */
export class QuantityError extends Error {
  override name = "QuantityError";
}

const formatWrong = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const numberWrong = "unable to parse numeric part of quantity";
const suffixWrong = "unable to parse quantity's suffix";

/** 10^-9 is the smallest part that is kept; what is smaller is rounded up to it. */
const scaleMin = -9;
const int64Max = 2n ** 63n - 1n;
const int64Min = -(2n ** 63n);
/** An int64 holds any number of 18 decimal digits. */
const int64Digits = 18;

const decimalSuffixes = new Map<string, number>([
  ["n", -9],
  ["u", -6],
  ["m", -3],
  ["", 0],
  ["k", 3],
  ["M", 6],
  ["G", 9],
  ["T", 12],
  ["P", 15],
  ["E", 18],
]);
const decimalSuffixOf = new Map([...decimalSuffixes].map(([suffix, exponent]) => [exponent, suffix]));
const binarySuffixes = new Map<string, number>([
  ["Ki", 10],
  ["Mi", 20],
  ["Gi", 30],
  ["Ti", 40],
  ["Pi", 50],
  ["Ei", 60],
]);
const binarySuffixOf = new Map([...binarySuffixes].map(([suffix, exponent]) => [exponent, suffix]));

const fitsInt64 = (value: bigint): boolean => value <= int64Max && value >= int64Min;
const absolute = (value: bigint): bigint => (value < 0n ? -value : value);
const digitsOf = (value: bigint): number => absolute(value).toString().length;
const signOf = (value: bigint): -1 | 0 | 1 => (value < 0n ? -1 : value > 0n ? 1 : 0);

interface Suffix {
  readonly format: QuantityFormat;
  readonly exponent: number;
}

function interpretSuffix(suffix: string): Suffix {
  const decimal = decimalSuffixes.get(suffix);
  if (decimal !== undefined) return { format: "DecimalSI", exponent: decimal };
  const binary = binarySuffixes.get(suffix);
  if (binary !== undefined) return { format: "BinarySI", exponent: binary };
  if (/^[eE][+-]?[0-9]+$/.test(suffix)) {
    const exponent = BigInt(suffix[1] === "+" ? suffix.slice(2) : suffix.slice(1));
    // Upstream reads an int64 and keeps its low 32 bits.
    if (fitsInt64(exponent)) return { format: "DecimalExponent", exponent: Number(BigInt.asIntN(32, exponent)) };
  }
  throw new QuantityError(suffixWrong);
}

/** Divides by 10^digits; what is lost rounds away from zero. */
function divideRoundingUp(value: bigint, digits: number): bigint {
  if (digits > digitsOf(value)) return BigInt(signOf(value));
  const divisor = 10n ** BigInt(digits);
  const quotient = value / divisor;
  return value % divisor === 0n ? quotient : quotient + BigInt(signOf(value));
}

/** The text's format takes no part in the slow way: upstream's numbers of more digits than an int64 surely holds. */
function parseBig(sign: bigint, num: string, denom: string, { format, exponent }: Suffix): Quantity {
  let unscaled = BigInt(num + denom);
  let scale = -denom.length;
  if (format === "BinarySI") unscaled *= 2n ** BigInt(exponent);
  else scale += exponent;
  if (scale < scaleMin && unscaled !== 0n) {
    unscaled = divideRoundingUp(unscaled, scaleMin - scale);
    scale = scaleMin;
  }
  if (format !== "BinarySI") return { unscaled: sign * unscaled, scale, format, big: true };
  const one = 10n ** BigInt(-scale);
  if (unscaled > int64Max * one) {
    unscaled = int64Max;
    scale = 0;
  }
  const fraction = scale < 0 && unscaled > 0n && unscaled < one;
  return { unscaled: sign * unscaled, scale, format: fraction ? "DecimalSI" : format, big: true };
}

/** Parses a quantity. Throws QuantityError with upstream's message. */
export function parseQuantity(text: string): Quantity {
  if (text === "") throw new QuantityError(formatWrong);
  const match = /^([+-]?)0*([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/.exec(text);
  if (!match) throw new QuantityError(formatWrong);
  const [, signText, digits, denom = "", suffixText] = match;
  const num = digits || "0";
  const sign = signText === "-" ? -1n : 1n;
  const suffix = interpretSuffix(suffixText!);
  const { format, exponent } = suffix;
  let precision = int64Digits - (num.length + denom.length);
  let mantissa = 1n;
  if (format === "BinarySI") {
    precision = denom === "" ? 15 - num.length - Math.trunc((exponent * 3) / 10) - 1 : -1;
    mantissa = 1n << BigInt(exponent);
  }
  const scale = (format === "BinarySI" ? 0 : exponent) - denom.length;
  if (precision < 0 || scale < scaleMin) {
    if (!/[0-9]/.test(text.slice(0, text.length - suffixText!.length))) throw new QuantityError(numberWrong);
    return parseBig(sign, num, denom, suffix);
  }
  const shifted = num + denom;
  const value = BigInt(shifted);
  const unscaled = sign * value * mantissa;
  const canonical =
    format === "BinarySI"
      ? (value & 7n) !== 0n
      : scale % 3 === 0 && !shifted.endsWith("000") && !shifted.startsWith("0");
  return { unscaled, scale, format, big: false, ...(canonical ? { text } : {}) };
}

/** The same, with undefined for what isn't a quantity. */
export function tryParseQuantity(text: string): Quantity | undefined {
  try {
    return parseQuantity(text);
  } catch (error) {
    if (error instanceof QuantityError) return undefined;
    throw error;
  }
}

export const zeroQuantity: Quantity = { unscaled: 0n, scale: 0, format: "DecimalSI", big: false };

/** A whole number as a quantity. */
export function quantityOf(value: bigint | number, format: QuantityFormat = "DecimalSI"): Quantity {
  return { unscaled: BigInt(value), scale: 0, format, big: false };
}
/** So many thousandths as a quantity. */
export function milliQuantityOf(value: bigint | number, format: QuantityFormat = "DecimalSI"): Quantity {
  return { unscaled: BigInt(value), scale: -3, format, big: false };
}

function printDecimal({ unscaled, scale }: Quantity, format: QuantityFormat): string {
  let exponent = scale;
  let digits = unscaled.toString();
  const zeros = /0+$/.exec(digits);
  if (zeros) {
    exponent += zeros[0].length;
    digits = digits.slice(0, zeros.index);
  }
  const missing = ((exponent % 3) + 3) % 3;
  exponent -= missing;
  digits += "0".repeat(missing);
  if (format === "DecimalExponent") return exponent === 0 ? digits : `${digits}e${exponent}`;
  // Upstream prints no suffix where none fits (beyond E).
  return digits + (decimalSuffixOf.get(exponent) ?? "");
}

function printBinary(value: bigint): string {
  let amount = value;
  let exponent = 0;
  while (absolute(amount) >= 1024n && amount % 1024n === 0n) {
    amount /= 1024n;
    exponent += 10;
  }
  return amount.toString() + (binarySuffixOf.get(exponent) ?? "");
}

/** The canonical text: no fraction, the largest suffix that loses nothing, in the quantity's own format. */
export function printQuantity(quantity: Quantity): string {
  if (quantity.text !== undefined) return quantity.text;
  if (quantity.unscaled === 0n) return "0";
  if (quantity.format !== "BinarySI") return printDecimal(quantity, quantity.format);
  const inKibibyte = compareQuantities(absoluteQuantity(quantity), quantityOf(1024)) < 0;
  const whole = quantity.scale >= 0 || quantity.unscaled % 10n ** BigInt(-quantity.scale) === 0n;
  if (inKibibyte || !whole) return printDecimal(quantity, "DecimalSI");
  const { unscaled, scale } = quantity;
  return printBinary(scale >= 0 ? unscaled * 10n ** BigInt(scale) : unscaled / 10n ** BigInt(-scale));
}

/** The canonical text of a quantity's text. Throws QuantityError. */
export const canonicalQuantity = (text: string): string => printQuantity(parseQuantity(text));

const absoluteQuantity = (quantity: Quantity): Quantity => ({ ...quantity, unscaled: absolute(quantity.unscaled) });

export const isZeroQuantity = (quantity: Quantity): boolean => quantity.unscaled === 0n;
export const quantitySign = (quantity: Quantity): -1 | 0 | 1 => signOf(quantity.unscaled);

export function compareQuantities(a: Quantity, b: Quantity): -1 | 0 | 1 {
  const sign = signOf(a.unscaled);
  if (sign !== signOf(b.unscaled)) return sign < signOf(b.unscaled) ? -1 : 1;
  if (sign === 0) return 0;
  if (a.scale === b.scale) return signOf(a.unscaled - b.unscaled);
  // By order of magnitude first: exponents come from clients and may be huge.
  const magnitudes = digitsOf(a.unscaled) + a.scale - (digitsOf(b.unscaled) + b.scale);
  if (magnitudes !== 0) return magnitudes > 0 === sign > 0 ? 1 : -1;
  const scale = Math.min(a.scale, b.scale);
  return signOf(a.unscaled * 10n ** BigInt(a.scale - scale) - b.unscaled * 10n ** BigInt(b.scale - scale));
}
export const equalQuantities = (a: Quantity, b: Quantity): boolean => compareQuantities(a, b) === 0;

function sum(a: Quantity, b: Quantity, format: QuantityFormat): Quantity {
  const big = a.big || b.big;
  if (b.unscaled === 0n) return { unscaled: a.unscaled, scale: a.scale, format, big };
  if (a.unscaled === 0n) return { unscaled: b.unscaled, scale: b.scale, format, big };
  const gap = a.scale - b.scale;
  if (Math.abs(gap) > quantityAlignDigitsMax) {
    const larger = gap > 0 ? a : b;
    return { unscaled: larger.unscaled, scale: larger.scale, format, big: true };
  }
  const scale = Math.min(a.scale, b.scale);
  const left = a.unscaled * 10n ** BigInt(a.scale - scale);
  const right = b.unscaled * 10n ** BigInt(b.scale - scale);
  const unscaled = left + right;
  return { unscaled, scale, format, big: big || !fitsInt64(left) || !fitsInt64(right) || !fitsInt64(unscaled) };
}

/** a + b in a's format, or b's where a is zero. */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  return sum(a, b, a.unscaled === 0n ? b.format : a.format);
}
/** a − b in a's format, or b's where a is zero. */
export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return addQuantities(a, negateQuantity(b));
}
export function negateQuantity({ unscaled, scale, format, big }: Quantity): Quantity {
  return { unscaled: -unscaled, scale, format, big };
}

/** Rounds away from zero to a multiple of 10^scale. */
export function roundUpQuantity(quantity: Quantity, scale: number): Quantity {
  if (quantity.scale >= scale) return quantity;
  const { format, big } = quantity;
  return { unscaled: divideRoundingUp(quantity.unscaled, scale - quantity.scale), scale, format, big };
}

/** The quantity in units of 10^scale, rounded up. A value beyond an int64 is capped to it. */
export function scaledValue({ unscaled, scale, big }: Quantity, toScale: number): bigint {
  const digits = toScale - scale;
  if (digits <= 0) {
    if (unscaled === 0n) return 0n;
    if (-digits > int64Digits) return unscaled > 0n ? int64Max : int64Min;
    const value = unscaled * 10n ** BigInt(-digits);
    return value > int64Max ? int64Max : value < int64Min ? int64Min : value;
  }
  if (!big || unscaled > 0n) {
    const value = divideRoundingUp(unscaled, digits);
    return value > int64Max ? int64Max : value;
  }
  // Upstream adds one to the truncated quotient of a big decimal, whatever its sign.
  if (digits > digitsOf(unscaled)) return unscaled === 0n ? 0n : 1n;
  const divisor = 10n ** BigInt(digits);
  return unscaled % divisor === 0n ? unscaled / divisor : unscaled / divisor + 1n;
}

/** Whole units, rounded up (upstream's Value()): bytes of memory, whole CPUs. */
export const quantityValue = (quantity: Quantity): bigint => scaledValue(quantity, 0);
/** Thousandths, rounded up (upstream's MilliValue()). */
export const quantityMilliValue = (quantity: Quantity): bigint => scaledValue(quantity, -3);
/** The nearest double. */
export const quantityToNumber = ({ unscaled, scale }: Quantity): number => Number(`${unscaled}e${scale}`);
