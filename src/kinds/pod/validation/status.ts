// What a write of a pod's status may say. Source: pkg/apis/core/validation (ValidatePodStatusUpdate). May import
// src/base.
import {
  duplicate,
  forbidden,
  internal,
  invalid,
  notSupported,
  required,
  tooLong,
  type FieldError,
} from "../../../base/field-error.ts";
import { byteLength, isDNS1123Label, isQualifiedName, nameIsDNSSubdomain } from "../../meta/names.ts";
import { isGroupId, isUserId } from "../../meta/value-names.ts";
import type { Container, ContainerStatus, Pod, PodSpec, PodStatus } from "../../types/core-v1.gen.ts";
import { addressFamilies, validateAddress } from "./addresses.ts";
import { validatePodAnnotationUpdates } from "./annotations.ts";
import { specOf } from "./pod.ts";
import { updateOptions } from "./update.ts";

const healthMessageMaxBytes = 1024;
const healthValues = ["Healthy", "Unhealthy", "Unknown"];
const systemConditions = ["PodScheduled", "Ready", "Initialized"];

const notNegative = (generation: number | undefined, field: string): FieldError[] =>
  (generation ?? 0) < 0 ? [invalid(field, generation, "must be a non-negative integer")] : [];

function validateConditions({ conditions }: PodStatus): FieldError[] {
  return (conditions ?? []).flatMap(({ type = "", observedGeneration }, index) => {
    const path = `status.conditions[${index}]`;
    const errors = notNegative(observedGeneration, `${path}.observedGeneration`);
    if (systemConditions.includes(type)) return errors;
    return [...errors, ...isQualifiedName(type).map((message) => invalid(`${path}.Type`, type, message))];
  });
}

/** Whether a container that has exited so may be started again (KEP-5307). */
export function shouldRestart(container: Container, spec: PodSpec, exitCode: number): boolean {
  const policy: string | undefined = container.restartPolicy;
  if (policy !== undefined) {
    const rule = (container.restartPolicyRules ?? []).find(({ exitCodes }) => {
      const listed = exitCodes?.values?.includes(exitCode) ?? false;
      return exitCodes && (exitCodes.operator === "In" ? listed : exitCodes.operator === "NotIn" && !listed);
    });
    if (rule && ["Restart", "RestartAllContainers"].includes(rule.action)) return true;
    if (policy === "Always") return true;
    if (policy === "OnFailure") return exitCode !== 0;
    if (policy === "Never") return false;
  }
  if (spec.restartPolicy === "OnFailure") return exitCode !== 0;
  return spec.restartPolicy !== "Never";
}

type Statuses = readonly ContainerStatus[] | undefined;

/** What has ended stays so, unless its container is one that starts again. `containers` undefined: none does. */
function validateTransitions(
  now: Statuses,
  old: Statuses,
  spec: PodSpec,
  containers: readonly Container[],
  field: string,
) {
  const all = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  const restartAll = all.some((one) =>
    (one.restartPolicyRules ?? []).some((rule) => rule.action === "RestartAllContainers"),
  );
  if (restartAll && field !== "status.ephemeralContainerStatuses") return [];
  const errors: FieldError[] = [];
  for (const [index, was] of (old ?? []).entries()) {
    const ended = was.state?.terminated;
    const status = ended && now?.find((one) => one.name === was.name);
    if (!status || status.state?.terminated) continue;
    const container = containers.find((one) => one.name === was.name);
    if (container && shouldRestart(container, spec, ended.exitCode ?? 0)) continue;
    errors.push(forbidden(`${field}[${index}].state`, "may not be transitioned to non-terminated state"));
  }
  return errors;
}

function validateClaimStatuses(status: PodStatus, spec: PodSpec): FieldError[] {
  const names = new Set<string>();
  return (status.resourceClaimStatuses ?? []).flatMap(({ name = "", resourceClaimName: claim }, index) => {
    const path = `status.resourceClaimStatuses[${index}]`;
    const errors: FieldError[] = [];
    if (!(spec.resourceClaims ?? []).some((one) => one.name === name)) {
      errors.push(invalid(`${path}.name`, name, "must match the name of an entry in `spec.resourceClaims`"));
    }
    if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
    names.add(name);
    if (claim === undefined) return errors;
    const wrong = nameIsDNSSubdomain(claim, false);
    return [...errors, ...wrong.map((message) => invalid(`${path}.resourceClaimName`, claim, message))];
  });
}

function validateExtendedClaim({ extendedResourceClaimStatus: status }: PodStatus, spec: PodSpec): FieldError[] {
  if (!status) return [];
  const field = "status.extendedResourceClaimStatus";
  const errors: FieldError[] = [];
  const containers = new Map(
    [...(spec.initContainers ?? []), ...(spec.containers ?? [])].map((one) => [one.name, one]),
  );
  const mappings = status.requestMappings ?? [];
  const where = "spec.initContainers";
  if (mappings.length === 0) {
    errors.push(required(`${field}.requestMappings`, "at least one request mapping is required"));
  }
  const seen = new Set<string>();
  for (const [index, { containerName = "", resourceName = "", requestName = "" }] of mappings.entries()) {
    const path = `${field}.requestMappings[${index}]`;
    const container = containers.get(containerName);
    if (!container) {
      const detail = `must match the name of an entry in ${where}.name or spec.containers.name`;
      errors.push(invalid(`${path}.containerName`, containerName, detail));
    } else if (!Object.hasOwn(container.resources?.requests ?? {}, resourceName)) {
      const names = `${where}.resources.requests or spec.containers.resources.requests`;
      const detail = `must match the extended resource name of an entry in ${names}`;
      errors.push(invalid(`${path}.resourceName`, resourceName, detail));
    }
    const wrong = isDNS1123Label(requestName);
    errors.push(...wrong.map((message) => invalid(`${field}.requestName`, requestName, message)));
    const key = JSON.stringify([containerName, resourceName, requestName]);
    if (seen.has(key)) {
      errors.push(duplicate(`${path}.containerName`, containerName));
      errors.push(duplicate(`${path}.resourceName`, resourceName));
      errors.push(duplicate(`${path}.requestName`, requestName));
    }
    seen.add(key);
  }
  const claim = status.resourceClaimName ?? "";
  if (!claim) return [...errors, required(`${field}.resourceClaimName`)];
  const wrong = nameIsDNSSubdomain(claim, false);
  return [...errors, ...wrong.map((message) => invalid(`${field}.resourceClaimName`, claim, message))];
}

function validateAddresses(values: readonly string[], old: readonly string[], field: string): FieldError[] {
  const errors = values.flatMap((value, index) => validateAddress(value, `${field}[${index}]`, old));
  if (values.length <= 1) return errors;
  const families = addressFamilies(values);
  if (families === "unparseable") {
    errors.push(internal(field, `failed to check for dual stack with error:invalid IP: ${values.join(", ")}`));
  }
  if (families !== "both" || values.length > 2) {
    const printed = values.map((IP) => ({ IP }));
    errors.push(invalid(field, printed, "may specify no more than one IP for each IP family"));
  }
  return errors;
}

const ipsOf = (list: readonly { readonly ip?: string }[] | undefined): string[] =>
  (list ?? []).map((one) => one.ip ?? "");

function validateHostIPs(status: PodStatus, old: PodStatus): FieldError[] {
  const values = ipsOf(status.hostIPs);
  const [first] = values;
  if (first === undefined) return [];
  const errors =
    (status.hostIP ?? "") === first ? [] : [invalid("status.hostIPs[0].ip", first, "must be equal to `hostIP`")];
  return [...errors, ...validateAddresses(values, ipsOf(old.hostIPs), "status.hostIPs")];
}

function validateUsers(statuses: Statuses, field: string, os: string): FieldError[] {
  return (statuses ?? []).flatMap(({ user }, index) => {
    const linux = user?.linux;
    const path = `${field}[${index}].user.linux`;
    if (!linux) return [];
    if (os === "windows") return [forbidden(path, "cannot be set for a windows pod")];
    const { uid = 0, gid = 0, supplementalGroups = [] } = linux;
    return [
      ...isUserId(uid).map((message) => invalid(`${path}.uid`, uid, message)),
      ...isGroupId(gid).map((message) => invalid(`${path}.gid`, gid, message)),
      ...supplementalGroups.flatMap((group, at) =>
        isGroupId(group).map((message) => invalid(`${path}.supplementalGroups[${at}]`, group, message)),
      ),
    ];
  });
}

type Health = NonNullable<NonNullable<ContainerStatus["allocatedResourcesStatus"]>[number]["resources"]>;

function validateHealth(resources: Health | undefined, field: string): FieldError[] {
  const ids = new Set<string>();
  return (resources ?? []).flatMap((one, index) => {
    const path = `${field}.resources[${index}]`;
    const { health = "", resourceID = "", message } = one;
    const errors: FieldError[] = [];
    if (!healthValues.includes(health)) errors.push(notSupported(`${path}.health`, health, healthValues));
    if (message === "") errors.push(required(`${path}.message`, "must be non-empty if specified"));
    else if (message !== undefined && byteLength(message) > healthMessageMaxBytes) {
      errors.push(tooLong(`${path}.message`, healthMessageMaxBytes));
    }
    if (ids.has(resourceID)) errors.push(duplicate(`${path}.resourceID`, resourceID));
    ids.add(resourceID);
    return errors;
  });
}

function validateAllocated(statuses: Statuses, containers: readonly Container[] | undefined, field: string) {
  return (statuses ?? []).flatMap((status, index) =>
    (status.allocatedResourcesStatus ?? []).flatMap(({ name = "", resources }, at) => {
      const path = `${field}[${index}].allocatedResourcesStatus[${at}]`;
      const container = containers?.find((one) => one.name === status.name);
      const errors = validateHealth(resources, path);
      if (!container) return errors;
      const claims = (container.resources?.claims ?? []).map(
        (claim) => `claim:${claim.name}${claim.request ? `/${claim.request}` : ""}`,
      );
      const isClaim = name.startsWith("claim:");
      if (isClaim ? claims.includes(name) : Object.hasOwn(container.resources?.requests ?? {}, name)) return errors;
      const detail = isClaim
        ? "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or " +
          "'claim:<claimName>' if request is empty"
        : "must match one of the container's resource requests";
      return [invalid(`${path}.name`, name, detail), ...errors];
    }),
  );
}

function validateNomination(status: PodStatus, old: PodStatus, oldSpec: PodSpec): FieldError[] {
  const name = status.nominatedNodeName ?? "";
  if (!name || name === (old.nominatedNodeName ?? "")) return [];
  const field = "status.nominatedNodeName";
  const errors = nameIsDNSSubdomain(name, false).map((message) => invalid(field, name, message));
  if (oldSpec.nodeName) errors.push(forbidden(field, "may not be set on pods that are already bound to a node"));
  return errors;
}

const containerLists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"] as const;

export function validatePodStatusUpdate(pod: Pod, old: Pod): FieldError[] {
  const [spec, oldSpec] = [specOf(pod), specOf(old)];
  const [status, oldStatus] = [pod.status ?? {}, old.status ?? {}];
  const { annotations } = pod.metadata;
  const containersFor = {
    containerStatuses: oldSpec.containers ?? [],
    initContainerStatuses: oldSpec.initContainers ?? [],
    ephemeralContainerStatuses: [],
  };
  const errors = [
    ...validatePodAnnotationUpdates(
      annotations,
      old.metadata.annotations,
      spec,
      "metadata.annotations",
      updateOptions(old),
    ),
    ...validateConditions(status),
  ];
  if ((spec.nodeName ?? "") !== (oldSpec.nodeName ?? "")) {
    errors.push(forbidden("status.nodeName", "may not be changed directly"));
  }
  errors.push(...validateNomination(status, oldStatus, oldSpec));
  errors.push(...notNegative(status.observedGeneration, "status.observedGeneration"));
  const qosClass = status.qosClass ?? "";
  if (qosClass !== (oldStatus.qosClass ?? "")) {
    errors.push(invalid("status.qosClass", qosClass, "field is immutable"));
  }
  const ephemeral = (status.ephemeralContainerStatuses ?? []).flatMap((one, index) =>
    one.allocatedResourcesStatus?.length
      ? [
          forbidden(
            `status.ephemeralContainerStatuses[${index}].allocatedResourcesStatus`,
            "must not be specified in container status",
          ),
        ]
      : [],
  );
  return [
    ...errors,
    ...containerLists.flatMap((name) =>
      validateTransitions(status[name], oldStatus[name], oldSpec, containersFor[name], `status.${name}`),
    ),
    ...validateClaimStatuses(status, spec),
    ...validateExtendedClaim(status, spec),
    ...validateAddresses(ipsOf(status.podIPs), ipsOf(oldStatus.podIPs), "status.podIPs"),
    ...validateHostIPs(status, oldStatus),
    ...containerLists.flatMap((name) => validateUsers(status[name], `status.${name}`, spec.os?.name ?? "linux")),
    ...validateAllocated(status.containerStatuses, spec.containers, "status.containerStatuses"),
    ...validateAllocated(status.initContainerStatuses, spec.initContainers, "status.initContainerStatuses"),
    ...ephemeral,
  ];
}
