// Arithmetic over amounts by name: sums, differences, comparisons, and their text. Source: k8s.io/apiserver/pkg/quota/v1.
// May import src/base.
import {
  addQuantities,
  compareQuantities,
  equalQuantities,
  isZeroQuantity,
  printQuantity,
  type Quantity,
  quantitySign,
  subtractQuantities,
  zeroQuantity,
} from "../../base/quantity.ts";
import type { Amounts, ResourceList } from "../pod/resources.ts";

export type ReadonlyAmounts = ReadonlyMap<string, Quantity>;

export function addAmounts(a: ReadonlyAmounts, b: ReadonlyAmounts): Amounts {
  const sum: Amounts = new Map(a);
  for (const [name, amount] of b) {
    const before = sum.get(name);
    sum.set(name, before ? addQuantities(before, amount) : amount);
  }
  return sum;
}

/** a − b over the names of both; what would be negative is zero. */
export function subtractAmounts(a: ReadonlyAmounts, b: ReadonlyAmounts): Amounts {
  const difference: Amounts = new Map();
  for (const [name, amount] of a) {
    const other = b.get(name);
    const left = other ? subtractQuantities(amount, other) : amount;
    difference.set(name, quantitySign(left) > 0 ? left : zeroQuantity);
  }
  for (const name of b.keys()) if (!difference.has(name)) difference.set(name, zeroQuantity);
  return difference;
}

/** Only the amounts of these names. */
export function maskAmounts(amounts: ReadonlyAmounts, names: Iterable<string>): Amounts {
  const wanted = new Set(names);
  return new Map([...amounts].filter(([name]) => wanted.has(name)));
}

export const dropZeros = (amounts: ReadonlyAmounts): Amounts =>
  new Map([...amounts].filter(([, amount]) => !isZeroQuantity(amount)));

/** The names whose amount is below zero. */
export const negativeNames = (amounts: ReadonlyAmounts): string[] =>
  [...amounts].filter(([, amount]) => quantitySign(amount) < 0).map(([name]) => name);

/** The names of which there is more than the limit says. */
export const exceededNames = (amounts: ReadonlyAmounts, limits: ReadonlyAmounts): string[] =>
  [...limits].flatMap(([name, limit]) => {
    const amount = amounts.get(name);
    return amount && compareQuantities(amount, limit) > 0 ? [name] : [];
  });

export function equalAmounts(a: ReadonlyAmounts, b: ReadonlyAmounts): boolean {
  if (a.size !== b.size) return false;
  return [...a].every(([name, amount]) => {
    const other = b.get(name);
    return other !== undefined && equalQuantities(amount, other);
  });
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

/** "cpu=1,memory=1Gi", sorted. */
export const printAmounts = (amounts: ReadonlyAmounts): string =>
  [...amounts]
    .toSorted(byName)
    .map(([name, amount]) => `${name}=${printQuantity(amount)}`)
    .join(",");

export const printNames = (names: readonly string[]): string => names.toSorted().join(",");

/** The amounts as the API writes them. */
export const resourceListOf = (amounts: ReadonlyAmounts): ResourceList =>
  Object.fromEntries(
    [...amounts].toSorted(byName).map(([name, amount]): [string, string] => [name, printQuantity(amount)]),
  );
