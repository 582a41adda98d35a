// What the API fills in on lists of resources. Source: pkg/apis/core/v1/defaults.go. May import src/base.
import { parseQuantity, printQuantity, roundUpQuantity } from "../../base/quantity.ts";
import type { Draft } from "../object.ts";
import type { ResourceRequirements } from "../types/core-v1.gen.ts";

type DraftList = Record<string, string | undefined> | undefined;

/** Amounts finer than a thousandth are rounded up to it. */
export function defaultResourceList(list: DraftList): void {
  for (const [name, text] of Object.entries(list ?? {})) {
    const quantity = parseQuantity(text ?? "0");
    const rounded = roundUpQuantity(quantity, -3);
    if (rounded !== quantity) list![name] = printQuantity(rounded);
  }
}

export function defaultRequirements(resources: Draft<ResourceRequirements> | undefined): void {
  defaultResourceList(resources?.limits);
  defaultResourceList(resources?.requests);
}
