// Where a container's volumes and devices appear. Source: pkg/apis/core/validation. May import src/base.
import { forbidden, invalid, notFound, notSupported, required, type FieldError } from "../../../../base/field-error.ts";
import type { Volume, VolumeMount } from "../../../types/core-v1.gen.ts";
import type { AnyContainer } from "../../containers.ts";
import { validateLocalDescendingPath, validatePathNoBacksteps } from "../paths.ts";

/** The volumes that are valid, by name. */
export type Volumes = ReadonlyMap<string, Volume>;

function validatePropagation(mount: VolumeMount, container: AnyContainer, field: string): FieldError[] {
  const value = mount.mountPropagation as string | undefined;
  if (value === undefined) return [];
  const supported = ["Bidirectional", "HostToContainer", "None"];
  if (!supported.includes(value)) return [notSupported(field, value, supported)];
  if (value !== "Bidirectional" || container.securityContext?.privileged) return [];
  return [forbidden(field, "Bidirectional mount propagation is available only to privileged containers")];
}

function validateRecursiveReadOnly(mount: VolumeMount, field: string): FieldError[] {
  const value = mount.recursiveReadOnly as string | undefined;
  if (value === undefined || value === "Disabled") return [];
  if (value !== "Enabled" && value !== "IfPossible") {
    return [notSupported(field, value, ["Disabled", "Enabled", "IfPossible"])];
  }
  const errors: FieldError[] = [];
  if (!mount.readOnly) errors.push(forbidden(field, "may only be specified when readOnly is true"));
  if (mount.mountPropagation !== undefined && mount.mountPropagation !== "None") {
    errors.push(forbidden(field, "may only be specified when mountPropagation is None or not specified"));
  }
  return errors;
}

function validateSubPaths(mount: VolumeMount, path: string, field: string): FieldError[] {
  const { subPath, subPathExpr } = mount;
  const errors = subPath ? validateLocalDescendingPath(subPath, `${field}.subPath`) : [];
  if (!subPathExpr) return errors;
  if (subPath) {
    errors.push(invalid(`${path}.subPathExpr`, subPathExpr, "subPathExpr and subPath are mutually exclusive"));
  }
  return [...errors, ...validateLocalDescendingPath(subPathExpr, `${field}.subPathExpr`)];
}

/** Some errors name the list and not the mount, as upstream's do. */
export function validateVolumeMounts(container: AnyContainer, volumes: Volumes, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  const devices = container.volumeDevices ?? [];
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const path = `${field}[${index}]`;
    const { name = "", mountPath = "" } = mount;
    if (!name) errors.push(required(`${path}.name`));
    if (!volumes.has(name)) errors.push(notFound(`${path}.name`, name));
    if (!mountPath) errors.push(required(`${path}.mountPath`));
    if (seen.has(mountPath)) errors.push(invalid(`${path}.mountPath`, mountPath, "must be unique"));
    seen.add(mountPath);
    if (devices.some((device) => (device.name ?? "") === name)) {
      errors.push(invalid(`${path}.name`, name, "must not already exist in volumeDevices"));
    }
    if (devices.some((device) => (device.devicePath ?? "") === mountPath)) {
      errors.push(invalid(`${path}.mountPath`, mountPath, "must not already exist as a path in volumeDevices"));
    }
    errors.push(
      ...validateSubPaths(mount, path, field),
      ...validatePropagation(mount, container, `${field}.mountPropagation`),
      ...validateRecursiveReadOnly(mount, `${field}.recursiveReadOnly`),
    );
  }
  return errors;
}

export function validateVolumeDevices(container: AnyContainer, volumes: Volumes, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const paths = new Set<string>();
  const names = new Set<string>();
  const mounts = container.volumeMounts ?? [];
  for (const [index, device] of (container.volumeDevices ?? []).entries()) {
    const path = `${field}[${index}]`;
    const { name = "", devicePath = "" } = device;
    const volume = volumes.get(name);
    if (!name) errors.push(required(`${path}.name`));
    if (names.has(name)) errors.push(invalid(`${path}.name`, name, "must be unique"));
    if (!volume) errors.push(notFound(`${path}.name`, name));
    else if (!volume.persistentVolumeClaim && !volume.ephemeral) {
      const detail = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
      errors.push(invalid(`${path}.name`, name, detail));
    }
    if (!devicePath) errors.push(required(`${path}.devicePath`));
    if (paths.has(devicePath)) errors.push(invalid(`${path}.devicePath`, devicePath, "must be unique"));
    if (validatePathNoBacksteps(devicePath, "").length > 0) {
      errors.push(invalid(`${path}.devicePath`, devicePath, "can not contain backsteps ('..')"));
    } else paths.add(devicePath);
    if (mounts.some((mount) => (mount.name ?? "") === name)) {
      errors.push(invalid(`${path}.name`, name, "must not already exist in volumeMounts"));
    }
    if (mounts.some((mount) => (mount.mountPath ?? "") === devicePath)) {
      errors.push(invalid(`${path}.devicePath`, devicePath, "must not already exist as a path in volumeMounts"));
    }
    if (name) names.add(name);
  }
  return errors;
}
