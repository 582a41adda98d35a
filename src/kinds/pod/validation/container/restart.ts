// When containers start again, and how they are resized. Source: pkg/apis/core/validation, KEP-5307, KEP-1287. May
// import src/base.
import { duplicate, invalid, notSupported, required, tooMany, type FieldError } from "../../../../base/field-error.ts";
import type { ContainerResizePolicy, ContainerRestartRule } from "../../../types/core-v1.gen.ts";

const rulesMax = 20;
const exitCodesMax = 255;
const actions = ["Restart", "RestartAllContainers"];
const operators = ["In", "NotIn"];

interface RestartFields {
  readonly restartPolicy?: string;
  readonly restartPolicyRules?: readonly ContainerRestartRule[];
}

function validateRule(rule: ContainerRestartRule, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const action: string = rule.action ?? "";
  if (!actions.includes(action)) errors.push(notSupported(`${field}.action`, action, actions));
  if (!rule.exitCodes) return [...errors, required(`${field}.exitCodes`, "must be specified")];
  const operator: string = rule.exitCodes.operator ?? "";
  if (!operators.includes(operator)) errors.push(notSupported(`${field}.exitCodes.operator`, operator, operators));
  const count = rule.exitCodes.values?.length ?? 0;
  if (count > exitCodesMax) errors.push(tooMany(`${field}.exitCodes.values`, count, exitCodesMax));
  return errors;
}

/** `init`: rules without a policy are an error by themselves there, and nothing else is checked. */
export function validateContainerRestart(container: RestartFields, field: string, init = false): FieldError[] {
  const { restartPolicy, restartPolicyRules = [] } = container;
  const errors: FieldError[] = [];
  const policies = ["Always", "Never", "OnFailure"];
  if (restartPolicy === undefined) {
    if (restartPolicyRules.length === 0) return errors;
    errors.push(required(`${field}.restartPolicy`, "must specify restartPolicy when restart rules are used"));
    if (init) return errors;
  } else if (!policies.includes(restartPolicy)) {
    errors.push(notSupported(`${field}.restartPolicy`, restartPolicy, policies));
  }
  const rulesField = `${field}.restartPolicyRules`;
  if (restartPolicyRules.length > rulesMax) errors.push(tooMany(rulesField, restartPolicyRules.length, rulesMax));
  return [...errors, ...restartPolicyRules.flatMap((rule, index) => validateRule(rule, `${rulesField}[${index}]`))];
}

export function validateResizePolicy(
  policies: readonly ContainerResizePolicy[] | undefined,
  podRestartPolicy: string,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  const check = (value: string, supported: readonly string[]): void => {
    if (value === "") errors.push(required(field));
    else if (!supported.includes(value)) errors.push(notSupported(field, value, supported));
  };
  for (const [index, policy] of (policies ?? []).entries()) {
    const name: string = policy.resourceName ?? "";
    const restart: string = policy.restartPolicy ?? "";
    if (seen.has(name)) errors.push(duplicate(`${field}[${index}]`, name));
    seen.add(name);
    check(name, ["cpu", "memory"]);
    check(restart, ["NotRequired", "RestartContainer"]);
    if (podRestartPolicy === "Never" && restart !== "NotRequired") {
      errors.push(invalid(field, restart, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
    }
  }
  return errors;
}
