// What containers and pods may ask for. Source: pkg/apis/core/validation, KEP-2837, KEP-4381. May import src/base.
import {
  duplicate,
  forbidden,
  invalid,
  notFound,
  notSupported,
  required,
  type FieldError,
} from "../../../base/field-error.ts";
import {
  compareQuantities,
  parseQuantity,
  printQuantity,
  quantityMilliValue,
  quantitySign,
} from "../../../base/quantity.ts";
import { isDNS1123Label, isQualifiedName, nameIsDNSSubdomain } from "../../meta/names.ts";
import type { PodResourceClaim, PodSpec, ResourceClaim, ResourceRequirements } from "../../types/core-v1.gen.ts";
import { internalForm } from "../internal-form.ts";
import {
  isExtendedResource,
  isHugePages,
  isHugePagesDivisible,
  isIntegerResource,
  isNativeResource,
  isOvercommitAllowed,
  isPodLevelResource,
  isStandardContainerResource,
  isStandardResource,
  podLevelResources,
} from "../resource-names.ts";
import { aggregateContainerLimits, aggregateContainerRequests, amountsOf } from "../resources.ts";
import type { PodValidationOptions } from "./options.ts";

type CheckName = (name: string, field: string) => FieldError[];

export function validateResourceName(name: string, field: string): FieldError[] {
  const errors = isQualifiedName(name).map((message) => invalid(field, name, message));
  if (errors.length > 0 || name.includes("/") || isStandardResource(name)) return errors;
  return [invalid(field, name, "must be a standard resource type or fully qualified")];
}

const validateContainerResourceName: CheckName = (name, field) => {
  const errors = validateResourceName(name, field);
  if (!name.includes("/")) {
    if (isStandardContainerResource(name)) return errors;
    return [...errors, invalid(field, name, "must be a standard resource for containers")];
  }
  if (isNativeResource(name) || isExtendedResource(name)) return errors;
  return [...errors, invalid(field, name, "doesn't follow extended resource name standard")];
};

const validatePodResourceName: CheckName = (name, field) => {
  const errors = validateResourceName(name, field);
  if (errors.length > 0 || isPodLevelResource(name)) return errors;
  return [notSupported(field, name, podLevelResources)];
};

/** Not negative, and whole where the resource has no parts. */
export function validateResourceQuantity(name: string, amount: string, field: string): FieldError[] {
  const quantity = parseQuantity(amount);
  const text = printQuantity(quantity);
  const errors: FieldError[] = [];
  if (quantitySign(quantity) < 0) errors.push(invalid(field, text, "must be greater than or equal to 0"));
  if (isIntegerResource(name) && quantityMilliValue(quantity) % 1000n !== 0n) {
    errors.push(invalid(field, text, "must be an integer"));
  }
  return errors;
}

function validateHugePages(name: string, amount: string, field: string, options: PodValidationOptions): FieldError[] {
  if (!isHugePages(name) || options.allowIndivisibleHugePages || isHugePagesDivisible(name, amount)) return [];
  return [invalid(field, amount, `${amount} is not positive integer multiple of ${name}`)];
}

function compareWithLimit(name: string, amount: string, limit: string | undefined, paths: [string, string]) {
  const [requestsField, limitsField] = paths;
  const overcommit = isOvercommitAllowed(name);
  if (limit === undefined) {
    return overcommit ? [] : [required(limitsField, "Limit must be set for non overcommitable resources")];
  }
  const order = compareQuantities(parseQuantity(amount), parseQuantity(limit));
  if (order !== 0 && !overcommit) {
    return [invalid(requestsField, amount, `must be equal to ${name} limit of ${limit}`)];
  }
  return order > 0 ? [invalid(requestsField, amount, `must be less than or equal to ${name} limit of ${limit}`)] : [];
}

function validateClaims(claims: readonly ResourceClaim[] | undefined, podClaims: ReadonlySet<string>, field: string) {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, { name = "", request = "" }] of (claims ?? []).entries()) {
    const path = `${field}[${index}]`;
    if (!name) {
      errors.push(required(path));
      continue;
    }
    if (names.has(name)) errors.push(duplicate(path, name));
    else {
      const key = request ? `${name}/${request}` : name;
      if (request) {
        errors.push(...isDNS1123Label(request).map((message) => invalid(`${path}.request`, request, message)));
      }
      if (names.has(key)) errors.push(duplicate(path, key));
      else if (!request) {
        const same = [...names].filter((other) => other.startsWith(`${name}/`));
        errors.push(...same.map(() => duplicate(path, name)));
      }
      names.add(key);
    }
    if (podClaims.has(name)) continue;
    const known = podClaims.size === 0 ? " which is empty" : `: ${[...podClaims].sort().join(", ")}`;
    errors.push(notFound(path, name, `must be one of the names in pod.spec.resourceClaims${known}`));
  }
  return errors;
}

function validateRequirements(
  requirements: ResourceRequirements | undefined,
  checkName: CheckName,
  podClaims: ReadonlySet<string>,
  field: string,
  options: PodValidationOptions,
): FieldError[] {
  const { limits = {}, requests = {}, claims } = requirements ?? {};
  const [limitsField, requestsField] = [`${field}.limits`, `${field}.requests`];
  const errors: FieldError[] = [];
  for (const [name, amount] of Object.entries(limits)) {
    const path = `${limitsField}[${name}]`;
    errors.push(...checkName(name, path), ...validateResourceQuantity(name, amount, path));
    errors.push(...validateHugePages(name, amount, path, options));
  }
  for (const [name, amount] of Object.entries(requests)) {
    const path = `${requestsField}[${name}]`;
    const limit = Object.hasOwn(limits, name) ? limits[name] : undefined;
    errors.push(...checkName(name, path), ...validateResourceQuantity(name, amount, path));
    errors.push(...compareWithLimit(name, amount, limit, [requestsField, limitsField]));
    errors.push(...validateHugePages(name, amount, path, options));
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.includes("cpu") && !names.includes("memory")) {
    errors.push(forbidden(field, "HugePages require cpu or memory"));
  }
  return [...errors, ...validateClaims(claims, podClaims, `${field}.claims`)];
}

export const validateContainerResources = (
  requirements: ResourceRequirements | undefined,
  podClaims: ReadonlySet<string>,
  field: string,
  options: PodValidationOptions,
): FieldError[] => validateRequirements(requirements, validateContainerResourceName, podClaims, field, options);

const noClaims: ReadonlySet<string> = new Set();

export const validateOverhead = (spec: PodSpec, field: string, options: PodValidationOptions): FieldError[] =>
  spec.overhead ? validateContainerResources({ limits: spec.overhead }, noClaims, field, options) : [];

/** Pod-level amounts must hold what the containers ask for. */
function validateConsistency(spec: PodSpec, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const requests = amountsOf(spec.resources?.requests);
  const limits = amountsOf(spec.resources?.limits);
  for (const [name, sum] of aggregateContainerRequests({ spec })) {
    const own = requests.get(name);
    if (!own || compareQuantities(sum, own) <= 0) continue;
    const detail = `must be greater than or equal to aggregate container requests of ${printQuantity(sum)}`;
    errors.push(invalid(`${field}.requests[${name}]`, printQuantity(own), detail));
  }
  for (const [name, sum] of aggregateContainerLimits({ spec })) {
    const own = limits.get(name);
    if (!isHugePages(name) || !own || compareQuantities(sum, own) <= 0) continue;
    const detail = `must be greater than or equal to aggregate container limits of ${printQuantity(sum)}`;
    errors.push(invalid(`${field}.limits[${name}]`, printQuantity(own), detail));
  }
  for (const [index, container] of (spec.containers ?? []).entries()) {
    for (const [name, amount] of amountsOf(container.resources?.limits)) {
      const own = limits.get(name);
      if (!own || compareQuantities(amount, own) <= 0) continue;
      const detail = `must be less than or equal to pod limits of ${printQuantity(own)}`;
      errors.push(invalid(`${field}.containers[${index}][${name}].limits`, printQuantity(amount), detail));
    }
  }
  return errors;
}

export function validatePodResources(
  spec: PodSpec,
  podClaims: ReadonlySet<string>,
  specPath: string,
  options: PodValidationOptions,
): FieldError[] {
  if (!spec.resources) return [];
  const field = `${specPath}.resources`;
  if ((spec.os?.name as string | undefined) === "windows")
    return [forbidden(field, "may not be set for a windows pod")];
  const errors = spec.resources.claims
    ? [forbidden(`${field}.claims`, "claims may not be set for Resources at pod-level")]
    : [];
  return [
    ...errors,
    ...validateRequirements(spec.resources, validatePodResourceName, podClaims, field, options),
    ...validateConsistency(spec, field),
  ];
}

export const podClaimNames = (spec: PodSpec): ReadonlySet<string> =>
  new Set((spec.resourceClaims ?? []).map((claim) => claim.name ?? "").filter(Boolean));

function validatePodClaim(claim: PodResourceClaim, names: Set<string>, field: string): FieldError[] {
  const { name = "", resourceClaimName, resourceClaimTemplateName } = claim;
  const errors: FieldError[] = [];
  if (!name) errors.push(required(`${field}.name`));
  else if (names.has(name)) errors.push(duplicate(`${field}.name`, name));
  else {
    errors.push(...isDNS1123Label(name).map((message) => invalid(`${field}.name`, name, message)));
    names.add(name);
  }
  const [both, none] = [
    resourceClaimName !== undefined && resourceClaimTemplateName !== undefined,
    resourceClaimName === undefined && resourceClaimTemplateName === undefined,
  ];
  if (both || none) {
    const detail = both
      ? "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
      : "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`";
    errors.push(invalid(field, internalForm("PodResourceClaim", claim), detail));
  }
  for (const [key, value] of Object.entries({ resourceClaimName, resourceClaimTemplateName })) {
    if (value === undefined) continue;
    errors.push(...nameIsDNSSubdomain(value, false).map((message) => invalid(`${field}.${key}`, value, message)));
  }
  return errors;
}

export function validatePodResourceClaims(spec: PodSpec, mirror: boolean, field: string): FieldError[] {
  const names = new Set<string>();
  // Upstream's empty path prints as brackets.
  if (mirror)
    return (spec.resourceClaims ?? []).map(() => forbidden("[]", "static pods do not support resource claims"));
  return (spec.resourceClaims ?? []).flatMap((claim, index) => validatePodClaim(claim, names, `${field}[${index}]`));
}
