// IPAddresses: each says that an address is taken, and by what. May import src/base.
import { invalid, required, type FieldError } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { columns, defineKind } from "../meta/define-kind.ts";
import { semanticEqual } from "../meta/equality.ts";
import { validateIP } from "../meta/ip.ts";
import { isDNS1123Subdomain, isPathSegmentName } from "../meta/names.ts";
import { immutableMessage } from "../meta/object-meta.ts";
import type { IPAddress, ParentReference } from "../types/networking-v1.gen.ts";

function validateParent(parent: ParentReference | undefined): FieldError[] {
  const field = "spec.parentRef";
  if (!parent) return [required(field)];
  const { group = "", resource = "", name = "", namespace = "" } = parent;
  const segment = (value: string, at: string): FieldError[] =>
    isPathSegmentName(value).map((message) => invalid(at, value, message));
  const needed = (value: string, at: string): FieldError[] => (value === "" ? [required(at)] : segment(value, at));
  return [
    ...(group === "" ? [] : isDNS1123Subdomain(group).map((message) => invalid(`${field}.group`, group, message))),
    ...needed(resource, `${field}.resource`),
    ...needed(name, `${field}.name`),
    ...(namespace === "" ? [] : segment(namespace, `${field}.namespace`)),
  ];
}

const printParent = (parent: ParentReference | undefined): object | null =>
  parent
    ? {
        Group: parent.group ?? "",
        Resource: parent.resource ?? "",
        Namespace: parent.namespace ?? "",
        Name: parent.name ?? "",
      }
    : null;

const strategy: Strategy<IPAddress> = {
  allowUnconditionalUpdate: true,
  metadataChecks: { updateAsCreate: 1 },
  validate: ({ spec }) => validateParent(spec?.parentRef),
  validateUpdate({ spec }, old) {
    if (semanticEqual(spec?.parentRef, old.spec?.parentRef)) return [];
    return [invalid("spec.parentRef", printParent(spec?.parentRef), immutableMessage)];
  },
};

export const ipAddress = defineKind<IPAddress>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "IPAddress",
  plural: "ipaddresses",
  shortNames: ["ip"],
  namespaced: false,
  definition: "networking.v1.IPAddress",
  storageKey: "ipaddresses",
  // Only what follows the value in the error's text.
  checkName: (name) =>
    validateIP("", name).map(({ message }) => message.slice(`Invalid value: ${JSON.stringify(name)}: `.length)),
  columns: columns("Name:name", "ParentRef"),
  cells({ metadata, spec }, nowMs) {
    const { group, resource = "", namespace, name = "" } = spec?.parentRef ?? {};
    const text = [`${resource}${group ? `.${group}` : ""}`.toLowerCase(), ...(namespace ? [namespace] : []), name];
    // Upstream's rows have an age that no column names.
    return [metadata.name, spec?.parentRef ? text.join("/") : "<none>", humanAge(metadata.creationTimestamp, nowMs)];
  },
  selectableFields: {},
  strategy,
});
