// IngressClasses. May import src/base.
import { forbidden, invalid, notSupported, required, tooLong, type FieldError } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { columns, defineKind } from "../meta/define-kind.ts";
import { byteLength, nameIsDNSLabel } from "../meta/names.ts";
import { validateImmutable } from "../meta/object-meta.ts";
import { isDomainPrefixedPath } from "../meta/value-names.ts";
import type { IngressClass, IngressClassParametersReference } from "../types/networking-v1.gen.ts";
import { validateKindAndName } from "./ingress.ts";

const controllerMaxBytes = 250;
const defaultAnnotation = "ingressclass.kubernetes.io/is-default-class";

function validateParameters(parameters: IngressClassParametersReference | undefined): FieldError[] {
  if (!parameters) return [];
  const field = "spec.parameters";
  const { scope, namespace } = parameters;
  const errors = validateKindAndName(parameters, field);
  if (scope === undefined) return [...errors, required(`${field}.scope`)];
  const known = ["Cluster", "Namespace"];
  if (!known.includes(scope)) return [...errors, notSupported(`${field}.scope`, scope, known)];
  const at = `${field}.namespace`;
  if (scope === "Cluster") {
    return namespace === undefined ? errors : [...errors, forbidden(at, "`parameters.scope` is set to 'Cluster'")];
  }
  if (namespace === undefined) return [...errors, required(at, "`parameters.scope` is set to 'Namespace'")];
  return [...errors, ...nameIsDNSLabel(namespace, false).map((message) => invalid(at, namespace, message))];
}

const strategy: Strategy<IngressClass> = {
  allowUnconditionalUpdate: true,
  metadataChecks: { updateAsCreate: 1 },
  generationOf: ({ spec }) => spec,
  default(draft) {
    const parameters = (draft.spec ??= {}).parameters;
    if (parameters) parameters.scope ??= "Cluster";
  },
  validate({ spec }) {
    const controller = spec?.controller ?? "";
    const at = "spec.controller";
    return [
      ...(byteLength(controller) > controllerMaxBytes ? [tooLong(at, controllerMaxBytes)] : []),
      ...isDomainPrefixedPath(at, controller),
      ...validateParameters(spec?.parameters),
    ];
  },
  validateUpdate: ({ spec }, old) =>
    validateImmutable(spec?.controller ?? "", old.spec?.controller ?? "", "spec.controller"),
};

/** Whether ingresses without a class get this one. */
export const isDefaultIngressClass = ({ metadata }: IngressClass): boolean =>
  metadata.annotations?.[defaultAnnotation] === "true";

export const ingressClass = defineKind<IngressClass>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "IngressClass",
  plural: "ingressclasses",
  namespaced: false,
  definition: "networking.v1.IngressClass",
  storageKey: "ingressclasses",
  columns: columns("Name:name", "Controller", "Parameters", "Age"),
  cells(object, nowMs) {
    const { metadata, spec } = object;
    const { apiGroup, kind, name } = spec?.parameters ?? {};
    const group = apiGroup === undefined ? "" : `.${apiGroup}`;
    return [
      metadata.name + (isDefaultIngressClass(object) ? " (default)" : ""),
      spec?.controller ?? "",
      spec?.parameters ? `${kind}${group}/${name}` : "<none>",
      humanAge(metadata.creationTimestamp, nowMs),
    ];
  },
  strategy,
});
