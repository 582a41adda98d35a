// Tables: what `kubectl get` prints, made by the server from a kind's columns. May import src/base and src/kinds.
import { errors } from "../base/errors.ts";
import type { Column, Kind } from "../kinds/kind.ts";
import type { KubernetesObject } from "../kinds/object.ts";
import { describeColumn } from "./column-fields.ts";
import type { ListMetadata } from "./list/list-body.ts";
import type { ResourceContext } from "./server.ts";

export type IncludeObject = "" | "None" | "Metadata" | "Object";
export interface TableOptions {
  readonly includeObject: IncludeObject;
  readonly noHeaders: boolean;
}

/** The options of a query. Throws 400 for an includeObject that isn't known. */
export function tableOptions(query: URLSearchParams): TableOptions {
  const includeObject = query.get("includeObject") ?? "";
  if (!["", "None", "Metadata", "Object"].includes(includeObject)) {
    const why = `includeObject: Invalid value: ${JSON.stringify(includeObject)}: must be 'Metadata', 'Object', 'None', or empty`;
    throw errors.badRequest(`Unable to convert to Table as requested: ${why}`);
  }
  return { includeObject: includeObject as IncludeObject, noHeaders: false };
}

interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
}

const definitionOf = (column: Column, description: string): ColumnDefinition => ({
  name: column.name,
  type: column.type,
  format: column.format ?? "",
  description,
  priority: column.priority,
});

function rowObject(object: KubernetesObject, include: IncludeObject, apiVersion: string): object | null {
  if (include === "None") return null;
  if (include === "Object") return object;
  return { kind: "PartialObjectMetadata", apiVersion, metadata: object.metadata };
}

/** Pods that have ended say so in their row, so that clients can hide them. */
function rowConditions(kind: Kind, object: KubernetesObject): { conditions: object[] } | undefined {
  if (kind.plural !== "pods" || kind.group !== "") return undefined;
  const { phase } = (object as { status?: { phase?: string } }).status ?? {};
  if (phase !== "Succeeded" && phase !== "Failed") return undefined;
  const message = phase === "Failed" ? "The pod failed." : "The pod has completed successfully.";
  return { conditions: [{ type: "Completed", status: "True", reason: phase, message }] };
}

/** One Table of these objects. */
export function tableOf(
  context: ResourceContext,
  objects: readonly KubernetesObject[],
  metadata: Partial<ListMetadata>,
  apiVersion: string,
  options: TableOptions,
): object {
  const { kind } = context.resource;
  const { descriptions } = context.server.ports;
  const rows = objects.map((object) => ({
    cells: kind.cells(object, context.nowMs),
    ...rowConditions(kind, object),
    object: rowObject(object, options.includeObject, apiVersion),
  }));
  return {
    kind: "Table",
    apiVersion,
    metadata,
    columnDefinitions: options.noHeaders
      ? null
      : kind.columns.map((column) => definitionOf(column, describeColumn(kind, column, descriptions?.()))),
    rows,
  };
}
