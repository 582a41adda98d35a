// Quantities as the node agent counts with them: whole units and thousandths as plain numbers (amounts on a node stay
// below 2^53), and the way back. Imports src/base.
import {
  milliQuantityOf,
  parseQuantity,
  printQuantity,
  quantityMilliValue,
  quantityOf,
  quantityValue,
} from "../../base/quantity.ts";

export type Amounts = Readonly<Record<string, string>>;

/** Whole units, rounded up as upstream's Value() does; 0 for an absent quantity. */
export const valueOf = (quantity: string | undefined): number =>
  quantity === undefined ? 0 : Number(quantityValue(parseQuantity(quantity)));

/** Thousandths, rounded up as upstream's MilliValue() does; 0 for an absent quantity. */
export const milliOf = (quantity: string | undefined): number =>
  quantity === undefined ? 0 : Number(quantityMilliValue(parseQuantity(quantity)));

/** Thousandths in the canonical decimal form: 1500 is "1500m", 2000 is "2". */
export const fromMilli = (milli: number): string => printQuantity(milliQuantityOf(milli));

/** Whole units in the canonical decimal form: 1000 is "1k". */
export const fromDecimal = (value: number): string => printQuantity(quantityOf(value));

/** Whole units in the canonical binary form: 1073741824 is "1Gi". */
export const fromBinary = (value: number): string => printQuantity(quantityOf(value, "BinarySI"));
