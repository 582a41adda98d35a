// Rules for Windows pods, and for fields that only they have. Source: pkg/apis/core/validation. May import src/base.
import { forbidden, invalid, notSupported, required, type FieldError } from "../../../base/field-error.ts";
import { byteLength, isDNS1123Subdomain } from "../../meta/names.ts";
import type { PodSpec, WindowsSecurityContextOptions } from "../../types/core-v1.gen.ts";
import { containersWithPath } from "../containers.ts";

const credentialSpecMaxKibibytes = 64;
const domainMaxBytes = 256;
const userMaxBytes = 104;
// eslint-disable-next-line no-control-regex
const controls = /[\x00-\x1f\x7f]/;
const netBiosPattern = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const dnsLabelPattern = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/;
const badUserLetters = /["/\\:;|=,+*?<>@[\]]/;

function checkUser(user: string): string[] {
  const errors: string[] = [];
  if (user === "") errors.push("runAsUserName's User cannot be empty");
  else if (byteLength(user) > userMaxBytes) {
    errors.push(`runAsUserName's User length must not be longer than ${userMaxBytes} characters`);
  }
  if (/^[. ]+$/.test(user)) errors.push("runAsUserName's User cannot contain only periods or spaces");
  if (badUserLetters.test(user)) {
    errors.push("runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]");
  }
  return errors;
}

function checkUserName(name: string): string[] {
  if (name === "") return ["runAsUserName cannot be an empty string"];
  if (controls.test(name)) return ["runAsUserName cannot contain control characters"];
  const parts = name.split("\\");
  if (parts.length > 2) return ["runAsUserName cannot contain more than one backslash"];
  const errors: string[] = [];
  const domain = parts.length === 2 ? parts[0]! : undefined;
  if (domain !== undefined) {
    if (byteLength(domain) >= domainMaxBytes) {
      errors.push(`runAsUserName's Domain length must be under ${domainMaxBytes} characters`);
    }
    const dns = domain.split(".").every((label) => dnsLabelPattern.test(label));
    if (!netBiosPattern.test(domain) && !dns) {
      errors.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
    }
  }
  return [...errors, ...checkUser(parts.at(-1)!)];
}

export function validateWindowsOptions(
  options: WindowsSecurityContextOptions | undefined,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const { gmsaCredentialSpecName: specName, gmsaCredentialSpec: spec, runAsUserName: user } = options ?? {};
  if (specName !== undefined) {
    const wrong = isDNS1123Subdomain(specName);
    errors.push(...wrong.map((message) => invalid(`${field}.gmsaCredentialSpecName`, specName, message)));
  }
  if (spec === "") {
    errors.push(invalid(`${field}.gmsaCredentialSpec`, spec, "gmsaCredentialSpec cannot be an empty string"));
  } else if (spec !== undefined && byteLength(spec) > credentialSpecMaxKibibytes * 1024) {
    const detail = `gmsaCredentialSpec size must be under ${credentialSpecMaxKibibytes} KiB`;
    errors.push(invalid(`${field}.gmsaCredentialSpec`, spec, detail));
  }
  if (user !== undefined) {
    errors.push(...checkUserName(user).map((message) => invalid(`${field}.runAsUserName`, user, message)));
  }
  return errors;
}

/** Containers that run as processes of the node: all or none of a pod's. */
export function validateHostProcess(spec: PodSpec, specPath: string): FieldError[] {
  const errors: FieldError[] = [];
  const podValue = spec.securityContext?.windowsOptions?.hostProcess;
  let containers = 0;
  let hostProcesses = 0;
  for (const [container, path] of containersWithPath(spec, specPath)) {
    containers += 1;
    const value = container.securityContext?.windowsOptions?.hostProcess;
    if (podValue !== undefined && value !== undefined && podValue !== value) {
      const detail = `pod hostProcess value must be identical if both are specified, was ${podValue}`;
      errors.push(invalid(`${path}.securityContext.windowsOptions.hostProcess`, value, detail));
    }
    if (value ?? podValue) hostProcesses += 1;
  }
  if (hostProcesses === 0) return errors;
  if (hostProcesses !== containers) {
    const detail = "If pod contains any hostProcess containers then all containers must be HostProcess containers";
    errors.push(invalid(specPath, "", detail));
  }
  if (!spec.hostNetwork) {
    const detail = "hostNetwork must be true if pod contains any hostProcess containers";
    errors.push(invalid(`${specPath}.hostNetwork`, false, detail));
  }
  return errors;
}

const contextFields = {
  pod: [
    "securityContext.appArmorProfile",
    "securityContext.seLinuxOptions",
    "hostUsers",
    "hostPID",
    "hostIPC",
    "securityContext.seccompProfile",
    "securityContext.fsGroup",
    "securityContext.fsGroupChangePolicy",
    "securityContext.sysctls",
    "shareProcessNamespace",
    "securityContext.runAsUser",
    "securityContext.runAsGroup",
    "securityContext.supplementalGroups",
    "securityContext.supplementalGroupsPolicy",
    "securityContext.seLinuxChangePolicy",
  ],
  container: [
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
  ],
} as const;
const setOnlyIfTrue = new Set(["hostPID", "hostIPC"]);

const readPath = (object: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], object);

function isSet(value: unknown, name: string): boolean {
  if (setOnlyIfTrue.has(name)) return value === true;
  return value !== undefined && !(Array.isArray(value) && value.length === 0);
}

function validateWindowsPod(spec: PodSpec, specPath: string): FieldError[] {
  const detail = "cannot be set for a windows pod";
  const errors = contextFields.pod
    .filter((path) => isSet(readPath(spec, path), path))
    .map((path) => forbidden(`${specPath}.${path}`, detail));
  for (const [{ securityContext }, path] of containersWithPath(spec, specPath)) {
    for (const name of contextFields.container) {
      if (isSet(securityContext?.[name], name)) errors.push(forbidden(`${path}.securityContext.${name}`, detail));
    }
  }
  return errors;
}

function validateLinuxPod(spec: PodSpec, specPath: string): FieldError[] {
  const paths = spec.securityContext?.windowsOptions ? [specPath] : [];
  for (const [{ securityContext }, path] of containersWithPath(spec, specPath)) {
    if (securityContext?.windowsOptions) paths.push(path);
  }
  const detail = "windows options cannot be set for a linux pod";
  return paths.map((path) => forbidden(`${path}.securityContext.windowsOptions`, detail));
}

export function validateOS(spec: PodSpec, specPath: string): FieldError[] {
  if (!spec.os) return [];
  const { name = "" as string } = spec.os;
  if (name === "") return [required(`${specPath}.os.name`)];
  if (name === "linux") return validateLinuxPod(spec, specPath);
  if (name === "windows") return validateWindowsPod(spec, specPath);
  return [notSupported(`${specPath}.os`, name, ["linux", "windows"])];
}
