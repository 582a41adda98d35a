// Runs a write through admission. May import src/base and src/kinds.
import type { JsonObject, KubernetesObject } from "../../kinds/object.ts";
import type { AdmissionContext, AdmissionOperation, AdmissionPlugin } from "../ports.ts";
import type { ResourceContext } from "../server.ts";

export interface AdmissionRequest {
  readonly operation: AdmissionOperation;
  readonly name: string;
  readonly object: JsonObject | undefined;
  readonly oldObject: KubernetesObject | undefined;
  readonly options: JsonObject | undefined;
  readonly dryRun: boolean;
  readonly subresource: string;
  /** Where the body is of another kind than the resource. */
  readonly objectKind?: { readonly group: string; readonly version: string; readonly kind: string };
}

/** One admission context for all plugins of a write. */
export function admissionContext(context: ResourceContext, request: AdmissionRequest): AdmissionContext {
  const { resource, info, user, nowMs, warnings } = context;
  const { group, version, kind, plural } = resource.kind;
  const ofNamespaces = plural === "namespaces" && group === "";
  return {
    operation: request.operation,
    kind: resource.kind,
    resource: { group, version, resource: plural },
    subresource: request.subresource,
    name: request.name,
    namespace: ofNamespaces ? request.name : info.namespace,
    user,
    objectKind: request.objectKind ?? { group, version, kind },
    object: request.object,
    oldObject: request.oldObject,
    options: request.options,
    dryRun: request.dryRun,
    nowMs,
    signal: context.request.signal,
    addWarning: (text) => warnings.add(text),
    addAuditAnnotation() {},
  };
}

/** Mutating admission: the object may be another afterwards. Throws what a plugin refuses with. */
export async function mutate(context: ResourceContext, admission: AdmissionContext): Promise<void> {
  for (const plugin of context.server.ports.admission) {
    if (!plugin.mutate || !plugin.operations.includes(admission.operation)) continue;
    const pending = plugin.mutate(admission);
    if (pending !== undefined) await pending;
  }
}

/** Validating admission. The answer is told how the write ended. Throws what a plugin refuses with. */
export async function validate(
  context: ResourceContext,
  admission: AdmissionContext,
): Promise<(succeeded: boolean) => void> {
  const passed: AdmissionPlugin[] = [];
  const finish = (succeeded: boolean): void => {
    for (const plugin of passed) plugin.finish?.(admission, succeeded);
  };
  try {
    for (const plugin of context.server.ports.admission) {
      if (!plugin.validate || !plugin.operations.includes(admission.operation)) continue;
      const pending = plugin.validate(admission);
      if (pending !== undefined) await pending;
      if (plugin.finish) passed.push(plugin);
    }
  } catch (error) {
    finish(false);
    throw error;
  }
  return finish;
}
