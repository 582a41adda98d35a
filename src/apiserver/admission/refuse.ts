// How an admission plugin says no, in upstream's form (admission.NewForbidden). May import src/base and src/kinds.
import { errors, type StatusError } from "../../base/errors.ts";
import type { AdmissionContext } from "../ports.ts";

interface Named {
  readonly metadata?: { readonly name?: string; readonly generateName?: string };
}

/** 403: `pods "p" is forbidden: WHY`. An object without a name yet is called by its generateName. */
export function refuse(context: AdmissionContext, why: string): StatusError {
  const metadata = (context.object as Named | undefined)?.metadata;
  const name = context.name || metadata?.name || metadata?.generateName || "Unknown";
  return errors.forbidden({ group: context.resource.group, resource: context.resource.resource }, name, why);
}

/** Whether the write is of this resource, and of this subresource of it. */
export const isFor = ({ resource, subresource }: AdmissionContext, plural: string, group = "", wanted = ""): boolean =>
  resource.resource === plural && resource.group === group && subresource === wanted;
