// Security contexts of pods and containers. Source: pkg/apis/core/validation. May import src/base.
import {
  duplicate,
  forbidden,
  invalid,
  notSupported,
  required,
  tooLong,
  type FieldError,
} from "../../../base/field-error.ts";
import { byteLength } from "../../meta/names.ts";
import { isGroupId, isUserId } from "../../meta/value-names.ts";
import type { AppArmorProfile, PodSpec, SeccompProfile, SecurityContext } from "../../types/core-v1.gen.ts";
import { internalForm } from "../internal-form.ts";
import type { PodValidationOptions } from "./options.ts";
import { validateLocalDescendingPath } from "./paths.ts";
import { validateWindowsOptions } from "./windows.ts";

const profileTypes = ["Localhost", "RuntimeDefault", "Unconfined"];
/** PATH_MAX without the terminating zero. */
const localhostProfileMaxBytes = 4095;

function validateSeccompProfile(profile: SeccompProfile | undefined, field: string): FieldError[] {
  if (!profile) return [];
  const errors: FieldError[] = [];
  const { type = "" as string, localhostProfile } = profile;
  if (type === "") errors.push(required(`${field}.type`, "type is required when seccompProfile is set"));
  else if (!profileTypes.includes(type)) errors.push(notSupported(`${field}.type`, type, profileTypes));
  const at = `${field}.localhostProfile`;
  if (type === "Localhost") {
    if (localhostProfile === undefined) errors.push(required(at, "must be set when seccomp type is Localhost"));
    else errors.push(...validateLocalDescendingPath(localhostProfile, at));
  } else if (localhostProfile !== undefined) {
    errors.push(invalid(at, internalForm("SeccompProfile", profile), "can only be set when seccomp type is Localhost"));
  }
  return errors;
}

function validateLocalAppArmor(profile: string | undefined, field: string): FieldError[] {
  if (profile === undefined) return [required(field, "must be set when AppArmor type is Localhost")];
  const errors: FieldError[] = [];
  if (profile.trim() !== profile) errors.push(invalid(field, profile, "must not be padded with whitespace"));
  else if (profile === "") errors.push(required(field, "must be set when AppArmor type is Localhost"));
  if (byteLength(profile) > localhostProfileMaxBytes) errors.push(tooLong(field, localhostProfileMaxBytes));
  return errors;
}

export function validateAppArmorProfile(profile: AppArmorProfile | undefined, field: string): FieldError[] {
  if (!profile) return [];
  const { type = "" as string, localhostProfile } = profile;
  const at = `${field}.localhostProfile`;
  switch (type) {
    case "Localhost":
      return validateLocalAppArmor(localhostProfile, at);
    case "RuntimeDefault":
    case "Unconfined":
      if (localhostProfile === undefined) return [];
      return [invalid(at, localhostProfile, "can only be set when AppArmor type is Localhost")];
    case "":
      return [required(`${field}.type`, "type is required when appArmorProfile is set")];
    default:
      return [notSupported(`${field}.type`, type, profileTypes)];
  }
}

const sysctlFormat = "([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const sysctlSegment = /^[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/;
const sysctlMaxBytes = 253;

const isSysctlName = (name: string): boolean =>
  byteLength(name) <= sysctlMaxBytes && name.split(/[./]/).every((part) => sysctlSegment.test(part));

const ipcSysctls = new Set(
  ["sem", "shmall", "shmmax", "shmmni", "shm_rmid_forced", "shm", "msgmax", "msgmnb", "msgmni", "msg"].map(
    (name) => `kernel.${name}`,
  ),
);

/** Dots and slashes both separate; the first that occurs is the separator. */
function normalizeSysctl(name: string): string {
  const first = name.search(/[./]/);
  if (first < 0 || name[first] === ".") return name;
  return [...name].map((one) => (one === "/" ? "." : one === "." ? "/" : one)).join("");
}

/** The kernel namespace that a parameter belongs to: "Net", "IPC", or "" for those of the whole node. */
export function sysctlNamespace(sysctl: string): "Net" | "IPC" | "" {
  const name = normalizeSysctl(sysctl).split("*")[0]!;
  if (ipcSysctls.has(name) || name.startsWith("fs.mqueue.")) return "IPC";
  return name.startsWith("net.") ? "Net" : "";
}

export function checkHostSysctl(sysctl: string, spec: PodSpec, field: string): FieldError | undefined {
  const namespace = sysctlNamespace(sysctl);
  if (spec.hostNetwork && namespace === "Net") {
    return invalid(field, sysctl, "may not be specified when 'hostNetwork' is true");
  }
  if (spec.hostIPC && namespace === "IPC") {
    return invalid(field, sysctl, "may not be specified when 'hostIPC' is true");
  }
  return undefined;
}

function validateSysctls(spec: PodSpec, field: string, options: PodValidationOptions): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, { name = "" }] of (spec.securityContext?.sysctls ?? []).entries()) {
    const at = `${field}[${index}].name`;
    if (name === "") errors.push(required(at));
    else if (!isSysctlName(name)) {
      const detail = `must have at most ${sysctlMaxBytes} characters and match regex ^${sysctlFormat}$`;
      errors.push(invalid(at, name, detail));
    } else if (names.has(name)) errors.push(duplicate(at, name));
    const host = options.allowHostSysctls ? undefined : checkHostSysctl(name, spec, at);
    if (host) errors.push(host);
    names.add(name);
  }
  return errors;
}

function checkNumber(value: number | undefined, field: string, check: (id: number) => string[]): FieldError[] {
  return value === undefined ? [] : check(value).map((message) => invalid(field, value, message));
}

function checkEnum(value: string | undefined, field: string, supported: readonly string[]): FieldError[] {
  return value === undefined || supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

export function validatePodSecurityContext(spec: PodSpec, field: string, options: PodValidationOptions): FieldError[] {
  const context = spec.securityContext ?? {};
  const errors = [
    ...checkNumber(context.fsGroup, `${field}.fsGroup`, isGroupId),
    ...checkNumber(context.runAsUser, `${field}.runAsUser`, isUserId),
    ...checkNumber(context.runAsGroup, `${field}.runAsGroup`, isGroupId),
    ...(context.supplementalGroups ?? []).flatMap((group, index) =>
      checkNumber(group, `${field}.supplementalGroups[${index}]`, isGroupId),
    ),
  ];
  if (spec.shareProcessNamespace && spec.hostPID) {
    const detail = "ShareProcessNamespace and HostPID cannot both be enabled";
    errors.push(invalid(`${field}.shareProcessNamespace`, true, detail));
  }
  const change = context.seLinuxChangePolicy;
  const changes = options.onlyRecursiveSELinuxChange ? ["Recursive"] : ["MountOption", "Recursive"];
  return [
    ...errors,
    ...validateSysctls(spec, `${field}.sysctls`, options),
    ...checkEnum(context.fsGroupChangePolicy, `${field}.fsGroupChangePolicy`, ["Always", "OnRootMismatch"]),
    ...validateSeccompProfile(context.seccompProfile, `${field}.seccompProfile`),
    ...validateWindowsOptions(context.windowsOptions, `${field}.windowsOptions`),
    ...validateAppArmorProfile(context.appArmorProfile, `${field}.appArmorProfile`),
    ...checkEnum(context.supplementalGroupsPolicy, `${field}.supplementalGroupsPolicy`, ["Merge", "Strict"]),
    ...checkEnum(change, `${field}.seLinuxChangePolicy`, changes),
  ];
}

function validateEscalation(context: SecurityContext, field: string): FieldError[] {
  if (context.allowPrivilegeEscalation !== false) return [];
  const errors: FieldError[] = [];
  const print = (): unknown => internalForm("SecurityContext", context);
  if (context.privileged) {
    const detail = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
    errors.push(invalid(field, print(), detail));
  }
  for (const capability of context.capabilities?.add ?? []) {
    if (capability !== "CAP_SYS_ADMIN") continue;
    const detail = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
    errors.push(invalid(field, print(), detail));
  }
  return errors;
}

/** Privileged containers are allowed: whoever must not make them is stopped by admission. */
export function validateSecurityContext(
  context: SecurityContext | undefined,
  field: string,
  hostUsers: boolean,
): FieldError[] {
  if (!context) return [];
  const errors = [
    ...checkNumber(context.runAsUser, `${field}.runAsUser`, isUserId),
    ...checkNumber(context.runAsGroup, `${field}.runAsGroup`, isGroupId),
    ...checkEnum(context.procMount, `${field}.procMount`, ["Default", "Unmasked"]),
  ];
  if (hostUsers && context.procMount === "Unmasked") {
    errors.push(invalid(`${field}.procMount`, context.procMount, "`hostUsers` must be false to use `Unmasked`"));
  }
  return [
    ...errors,
    ...validateSeccompProfile(context.seccompProfile, `${field}.seccompProfile`),
    ...validateEscalation(context, field),
    ...validateWindowsOptions(context.windowsOptions, `${field}.windowsOptions`),
    ...validateAppArmorProfile(context.appArmorProfile, `${field}.appArmorProfile`),
  ];
}

/** What a pod in a user namespace of its own may not share with the node (KEP-127). */
export function validateHostUsers(
  spec: PodSpec,
  specPath: string,
  devicePaths: readonly string[],
  options: PodValidationOptions,
): FieldError[] {
  if (spec.hostUsers !== false) return [];
  const detail = "when `hostUsers` is false";
  const errors: FieldError[] = [];
  if (spec.hostNetwork && !options.allowUserNamespacesHostNetwork) {
    errors.push(forbidden(`${specPath}.hostNetwork`, detail));
  }
  if (spec.hostPID) errors.push(forbidden(`${specPath}.HostPID`, detail));
  if (spec.hostIPC) errors.push(forbidden(`${specPath}.HostIPC`, detail));
  if (!options.allowUserNamespacesWithDevices) {
    errors.push(...devicePaths.map((path) => forbidden(`${path}.volumeDevices`, detail)));
  }
  return errors;
}
