// Conflicts of an apply: fields that others own, with other values; and the Status that says so. Imports base/errors, and
// what is beside it.
import { errors, type StatusCause, type StatusError } from "../../../base/errors.ts";
import { difference, type FieldSet, listPaths } from "./fields/field-set.ts";
import { type Owner, ownerId } from "./owners.ts";
import { printElement } from "./fields/path-element.ts";

/** Thrown within an apply: the fields in conflict by the identity of their owner. */
export class Conflicts extends Error {
  override name = "Conflicts";
  readonly fields: readonly (readonly [string, FieldSet])[];
  constructor(fields: readonly (readonly [string, FieldSet])[]) {
    super("apply conflicts");
    this.fields = [...fields].sort(([left], [right]) => (left < right ? -1 : 1));
  }

  /** The conflicts that remain when `allowed` may be taken. undefined: none. */
  without(allowed: FieldSet): Conflicts | undefined {
    const rest = this.fields
      .map(([id, set]) => [id, difference(set, allowed)] as const)
      .filter(([, set]) => set.size > 0);
    return rest.length === 0 ? undefined : new Conflicts(rest);
  }
}

/** `"kubectl" using apps/v1`, from an identity. */
function printOwner(id: string): string {
  const owner = JSON.parse(id) as Partial<Parameters<typeof ownerId>[0]> & Partial<Owner>;
  const subresource = owner.subresource ? ` with subresource ${JSON.stringify(owner.subresource)}` : "";
  const version = owner.operation === "Update" ? ` using ${owner.apiVersion ?? ""}` : "";
  return `${JSON.stringify(owner.manager ?? "")}${subresource}${version}`;
}

/** 409 in upstream's words, with a cause for each field. */
export function conflictError(conflicts: Conflicts): StatusError {
  const causes: StatusCause[] = [];
  const lines: string[] = [];
  for (const [id, set] of conflicts.fields) {
    const owner = printOwner(id);
    lines.push(`conflicts with ${owner}:`);
    for (const path of listPaths(set)) {
      const field = path.map(printElement).join("");
      lines.push(`- ${field}`);
      causes.push({ reason: "FieldManagerConflict", message: `conflict with ${owner}`, field });
    }
  }
  const only = causes[0];
  const message =
    causes.length === 1
      ? `Apply failed with 1 conflict: ${only?.message ?? ""}: ${only?.field ?? ""}`
      : `Apply failed with ${causes.length} conflicts: ${lines.join("\n")}`;
  return errors.failure(409, "Conflict", message, { causes });
}
