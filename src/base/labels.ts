// Label selectors: what they mean, and how they are printed. Texts are parsed by parse-labels.ts.
// Source: k8s.io/apimachinery/pkg/labels and meta/v1 LabelSelector. May import src/base.
import { invalid, notSupported } from "./field-error.ts";
import type { FieldError } from "./field-error.ts";
import { labelKeyErrors, labelValueErrors } from "./label-syntax.ts";

/** The operators as upstream names them; gt and lt compare whole numbers. */
export type LabelOperator = "in" | "notin" | "=" | "==" | "!=" | "exists" | "!" | "gt" | "lt";

export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  readonly values: readonly string[];
}

export type Labels = Readonly<Record<string, string>>;

export interface LabelMatcher {
  /** All must hold; sorted by key. */
  readonly requirements: readonly LabelRequirement[];
  /** True: it matches nothing at all, whatever the requirements. */
  readonly nothing: boolean;
}

/** meta/v1's LabelSelector, as far as matching needs it. */
export interface LabelSelectorShape {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** A selector that can't be: the message is upstream's. */
export class SelectorError extends Error {
  override name = "SelectorError";
}

export const everything: LabelMatcher = { requirements: [], nothing: false };
export const nothing: LabelMatcher = { requirements: [], nothing: true };

const operators: readonly string[] = ["in", "notin", "=", "==", "!=", "gt", "lt", "exists", "!"];
const int64Max = 2n ** 63n - 1n;

/** Go's ParseInt in base 10. */
function parseInt64(text: string): bigint | undefined {
  if (!/^[+-]?[0-9]+$/.test(text) || text.length > 4096) return undefined;
  const value = text.startsWith("+") ? BigInt(text.slice(1)) : BigInt(text);
  return value > int64Max || value < -int64Max - 1n ? undefined : value;
}

function valueErrors({ operator, values }: LabelRequirement): FieldError[] {
  switch (operator) {
    case "in":
    case "notin":
      if (values.length > 0) return [];
      return [invalid("values", values, "for 'in', 'notin' operators, values set can't be empty")];
    case "=":
    case "==":
    case "!=":
      if (values.length === 1) return [];
      return [invalid("values", values, "exact-match compatibility requires one single value")];
    case "exists":
    case "!":
      if (values.length === 0) return [];
      return [invalid("values", values, "values set must be empty for exists and does not exist")];
    case "gt":
    case "lt": {
      const detail = "for 'Gt', 'Lt' operators, exactly one value is required";
      const errors = values.length === 1 ? [] : [invalid("values", values, detail)];
      values.forEach((value, index) => {
        if (parseInt64(value) !== undefined) return;
        errors.push(invalid(`values[${index}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer"));
      });
      return errors;
    }
    default:
      return [notSupported("operator", operator, operators)];
  }
}

/** Errors as Go's aggregate prints them. */
function joinErrors(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map((error) => `${error.field}: ${error.message}`))];
  return texts.length === 1 ? texts[0]! : `[${texts.join(", ")}]`;
}

/** Checks a requirement; throws SelectorError. */
export function labelRequirement(key: string, operator: LabelOperator, values: readonly string[]): LabelRequirement {
  const requirement = { key, operator, values };
  const errors: FieldError[] = [];
  const keyErrors = labelKeyErrors(key);
  if (keyErrors.length > 0) errors.push(invalid("key", key, keyErrors.join("; ")));
  errors.push(...valueErrors(requirement));
  values.forEach((value, index) => {
    const found = labelValueErrors(value);
    if (found.length > 0) errors.push(invalid(`values[${index}][${key}]`, value, found.join("; ")));
  });
  if (errors.length > 0) throw new SelectorError(joinErrors(errors));
  return requirement;
}

const byKey = (a: LabelRequirement, b: LabelRequirement): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

export function matcherOf(requirements: readonly LabelRequirement[]): LabelMatcher {
  return { requirements: requirements.toSorted(byKey), nothing: false };
}

/** Matches objects that bear all of these labels. The labels are not checked. */
export function matcherOfLabels(labels: Labels | undefined): LabelMatcher {
  const entries = Object.entries(labels ?? {});
  return matcherOf(entries.map(([key, value]) => ({ key, operator: "=", values: [value] })));
}

const expressionOperators = new Map<string, LabelOperator>([
  ["In", "in"],
  ["NotIn", "notin"],
  ["Exists", "exists"],
  ["DoesNotExist", "!"],
]);

/** An absent selector matches nothing, an empty one everything. Throws SelectorError. */
export function matcherOfSelector(selector: LabelSelectorShape | undefined): LabelMatcher {
  if (selector === undefined) return nothing;
  const requirements: LabelRequirement[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    requirements.push(labelRequirement(key, "=", [value]));
  }
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const known = expressionOperators.get(operator);
    if (known === undefined) {
      throw new SelectorError(`${JSON.stringify(operator)} is not a valid label selector operator`);
    }
    requirements.push(labelRequirement(key, known, values ?? []));
  }
  return requirements.length === 0 ? everything : matcherOf(requirements);
}

function holds({ key, operator, values }: LabelRequirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "in":
    case "=":
    case "==":
      return value !== undefined && values.includes(value);
    case "notin":
    case "!=":
      return value === undefined || !values.includes(value);
    case "exists":
      return value !== undefined;
    case "!":
      return value === undefined;
    default: {
      const actual = value === undefined ? undefined : parseInt64(value);
      const bound = values.length === 1 ? parseInt64(values[0]!) : undefined;
      if (actual === undefined || bound === undefined) return false;
      return operator === "gt" ? actual > bound : actual < bound;
    }
  }
}

export function matchesLabels(matcher: LabelMatcher, labels: Labels | undefined): boolean {
  if (matcher.nothing) return false;
  const actual = labels ?? {};
  return matcher.requirements.every((requirement) => holds(requirement, actual));
}

/** True when it restricts nothing. */
export const isEverything = (matcher: LabelMatcher): boolean => !matcher.nothing && matcher.requirements.length === 0;

function printRequirement({ key, operator, values }: LabelRequirement): string {
  const list = values.toSorted().join(",");
  switch (operator) {
    case "exists":
      return key;
    case "!":
      return `!${key}`;
    case "in":
    case "notin":
      return `${key} ${operator} (${list})`;
    case "gt":
      return `${key}>${list}`;
    case "lt":
      return `${key}<${list}`;
    default:
      return key + operator + list;
  }
}

/** The text that parseLabels reads: `a=b,c in (d,e),!f`. */
export const printLabels = (matcher: LabelMatcher): string => matcher.requirements.map(printRequirement).join(",");

/**
 * As columns and `describe` print a LabelSelector: `<none>` where it restricts nothing, `<error>` where it is
 * wrong.
 */
export function formatSelector(selector: LabelSelectorShape | undefined): string {
  try {
    return printLabels(matcherOfSelector(selector)) || "<none>";
  } catch (error) {
    if (error instanceof SelectorError) return "<error>";
    throw error;
  }
}
