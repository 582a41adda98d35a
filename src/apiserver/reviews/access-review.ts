// SubjectAccessReview, LocalSubjectAccessReview and SelfSubjectAccessReview: whether somebody may do something. After
// upstream's registry/authorization. May import src/base and src/kinds.
import { parseFields } from "../../base/fields.ts";
import { parseLabels } from "../../base/parse-labels.ts";
import type { JsonObject } from "../../kinds/object.ts";
import type { UserInfo } from "../../kinds/request.ts";
import type { Attributes, Decision, SelectorRequirement } from "../ports.ts";
import type { ResourceContext } from "../server.ts";
import type { DraftObject } from "../write/write.ts";

interface SelectorAttributes {
  readonly rawSelector?: string;
  readonly requirements?: readonly SelectorRequirement[];
}
interface AccessSpec {
  readonly resourceAttributes?: {
    readonly namespace?: string;
    readonly verb?: string;
    readonly group?: string;
    readonly version?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly name?: string;
    readonly fieldSelector?: SelectorAttributes;
    readonly labelSelector?: SelectorAttributes;
  };
  readonly nonResourceAttributes?: { readonly path?: string; readonly verb?: string };
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

const operators: Readonly<Record<string, string>> = {
  in: "In",
  "=": "In",
  "==": "In",
  notin: "NotIn",
  "!=": "NotIn",
  exists: "Exists",
  "!": "DoesNotExist",
};

function rawFields(text: string): SelectorRequirement[] {
  return parseFields(text).map(({ field, operator, value }) => ({
    key: field,
    operator: operator === "=" ? "In" : "NotIn",
    values: [value],
  }));
}

function rawLabels(text: string): SelectorRequirement[] {
  return parseLabels(text).requirements.flatMap(({ key, operator, values }) => {
    const name = operators[operator];
    return name ? [{ key, operator: name, values }] : [];
  });
}

/** A selector that can't be parsed counts as none. */
function requirementsOf(
  selector: SelectorAttributes | undefined,
  parse: (text: string) => SelectorRequirement[],
): readonly SelectorRequirement[] | undefined {
  if (!selector) return undefined;
  if (!selector.rawSelector) return selector.requirements;
  try {
    return parse(selector.rawSelector);
  } catch {
    return undefined;
  }
}

function attributesOf(spec: AccessSpec, user: UserInfo): Attributes {
  const none = { namespace: "", apiGroup: "", apiVersion: "", resource: "", subresource: "", name: "" };
  const { resourceAttributes, nonResourceAttributes } = spec;
  if (!resourceAttributes) {
    const { path = "", verb = "" } = nonResourceAttributes ?? {};
    return { ...none, user, verb, path, resourceRequest: false };
  }
  const {
    namespace = "",
    verb = "",
    group = "",
    version = "",
    resource = "",
    subresource = "",
    name = "",
  } = resourceAttributes;
  const fieldSelector = requirementsOf(resourceAttributes.fieldSelector, rawFields);
  const labelSelector = requirementsOf(resourceAttributes.labelSelector, rawLabels);
  return {
    user,
    verb,
    namespace,
    apiGroup: group,
    apiVersion: version === "" ? "*" : version,
    resource,
    subresource,
    name,
    resourceRequest: true,
    path: "",
    ...(fieldSelector ? { fieldSelector } : {}),
    ...(labelSelector ? { labelSelector } : {}),
  };
}

function statusOf({ allowed, denied, reason, error }: Decision): JsonObject {
  return {
    allowed,
    ...(denied ? { denied } : {}),
    ...(reason ? { reason } : {}),
    ...(error ? { evaluationError: error } : {}),
  };
}

async function decide(context: ResourceContext, spec: AccessSpec, user: UserInfo): Promise<JsonObject> {
  return statusOf(await context.server.ports.authorizer.authorize(attributesOf(spec, user)));
}

/** Whether the user of the spec may. */
export function reviewAccess(context: ResourceContext, draft: DraftObject): Promise<JsonObject> {
  const spec = (draft["spec"] ?? {}) as AccessSpec;
  const { user = "", groups = [], uid, extra } = spec;
  const subject: UserInfo = { username: user, groups, ...(uid ? { uid } : {}), ...(extra ? { extra } : {}) };
  return decide(context, spec, subject);
}

/** Whether the client itself may. */
export function reviewOwnAccess(context: ResourceContext, draft: DraftObject): Promise<JsonObject> {
  return decide(context, (draft["spec"] ?? {}) as AccessSpec, context.user);
}
