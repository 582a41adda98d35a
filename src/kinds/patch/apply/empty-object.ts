// A new object before anything is set: what a create is compared with. Go's encoding writes fields that have no
// `omitempty` even then, and they count as present. Imports kinds/schema.
import type { Definitions, Field, Json } from "../../schema.ts";
import { type JsonDraft, type JsonMap, setField } from "../json-value.ts";

/**
 * Where the published schema does not tell how Go's field is tagged: fields without `omitempty` that are not required, and
 * required ones with it (undefined). From the types of k8s.io/api 0.36.3, for what is reached by value from an object.
 */
const exceptions: Readonly<Record<string, Readonly<Record<string, Json | undefined>>>> = {
  "apiextensions.v1.CustomResourceDefinitionStatus": { conditions: null, storedVersions: null },
  "apps.v1.ControllerRevision": { data: null },
  "apps.v1.StatefulSetSpec": { serviceName: "" },
  "apps.v1.StatefulSetStatus": { availableReplicas: 0 },
  "authentication.v1.TokenRequestSpec": { audiences: null, boundObjectRef: null, expirationSeconds: null },
  "authentication.v1.TokenRequestStatus": { expirationTimestamp: null, token: "" },
  "autoscaling.v2.HorizontalPodAutoscalerStatus": { currentMetrics: null },
  "core.v1.Event": {
    eventTime: null,
    firstTimestamp: null,
    lastTimestamp: null,
    reportingComponent: "",
    reportingInstance: "",
  },
  "discovery.v1.EndpointSlice": { endpoints: null, ports: null },
  "events.v1.Event": { deprecatedFirstTimestamp: null, deprecatedLastTimestamp: null },
  "flowcontrol.v1.FlowSchemaSpec": { matchingPrecedence: 0 },
  "policy.v1.PodDisruptionBudgetStatus": {
    currentHealthy: 0,
    desiredHealthy: 0,
    disruptionsAllowed: 0,
    expectedPods: 0,
  },
  "rbac.v1.ClusterRole": { rules: null },
  "rbac.v1.Role": { rules: null },
  "rbac.v1.RoleRef": { apiGroup: "" },
  "resource.v1.DeviceClaim": { requests: null },
  "scheduling.v1.PriorityClass": { value: 0 },
  "admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec": {
    policyName: undefined,
    validationActions: undefined,
  },
  "authentication.v1.TokenReviewSpec": { token: undefined },
  "networking.v1.IPAddressSpec": { parentRef: undefined },
};

const cache = new WeakMap<Definitions, Map<string, JsonMap>>();

/** The zero value of a built-in definition: structs held by value, and nulls and zeros of required fields. */
export function emptyObject(definitions: Definitions, name: string): JsonMap {
  let objects = cache.get(definitions);
  if (objects === undefined) cache.set(definitions, (objects = new Map()));
  let object = objects.get(name);
  if (object === undefined) objects.set(name, (object = zeroOf(definitions, name)));
  return object;
}

function zeroOf(definitions: Definitions, name: string): JsonMap {
  const object: JsonDraft = {};
  const definition = definitions[name];
  const required = new Set(definition?.required);
  for (const [key, field] of Object.entries(definition?.fields ?? {})) {
    const value = zeroField(definitions, field, required.has(key));
    if (value !== undefined) setField(object, key, value);
  }
  for (const [key, value] of Object.entries(Object.hasOwn(exceptions, name) ? exceptions[name]! : {})) {
    if (value === undefined) delete object[key];
    else setField(object, key, value);
  }
  return object;
}

/** undefined: the field is left out of an empty object. */
function zeroField(definitions: Definitions, field: Field, required: boolean): Json | undefined {
  // A published default of {} is a struct held by value, which Go never leaves out.
  if (field.type === "struct" && field.default !== undefined) return zeroOf(definitions, field.ref ?? "");
  if (!required) return undefined;
  switch (field.type) {
    case "string":
      return "";
    case "boolean":
      return false;
    case "int32":
    case "int64":
    case "double":
      return 0;
    default:
      return null;
  }
}
