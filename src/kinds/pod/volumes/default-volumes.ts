// What the API fills in on a pod's volumes. Source: pkg/apis/core/v1/defaults.go and zz_generated.defaults.go. May
// import src/base.
import type { Draft } from "../../object.ts";
import type { DownwardAPIVolumeFile, ProjectedVolumeSource, Volume } from "../../types/core-v1.gen.ts";
import { defaultResourceList } from "../default-resources.ts";
import { defaultPullPolicy } from "../image-name.ts";

/** Files are readable by all and writable by their owner. */
const fileMode = 0o644;
const tokenSeconds = 3600;

function defaultFiles(files: Draft<DownwardAPIVolumeFile>[] | undefined): void {
  for (const file of files ?? []) {
    if (file.fieldRef) file.fieldRef.apiVersion ||= "v1";
    if (file.resourceFieldRef) file.resourceFieldRef.divisor ??= "0";
  }
}

function defaultProjected(projected: Draft<ProjectedVolumeSource>): void {
  projected.defaultMode ??= fileMode;
  for (const source of projected.sources ?? []) {
    defaultFiles(source.downwardAPI?.items);
    if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= tokenSeconds;
  }
}

function defaultNetworkVolumes(volume: Draft<Volume>): void {
  const { iscsi, rbd, azureDisk, scaleIO } = volume;
  if (iscsi) iscsi.iscsiInterface ||= "default";
  if (rbd) {
    rbd.pool ||= "rbd";
    rbd.user ||= "admin";
    rbd.keyring ||= "/etc/ceph/keyring";
  }
  if (azureDisk) {
    azureDisk.cachingMode ??= "ReadWrite";
    azureDisk.fsType ??= "ext4";
    azureDisk.readOnly ??= false;
    azureDisk.kind ??= "Shared";
  }
  if (scaleIO) {
    scaleIO.storageMode ||= "ThinProvisioned";
    scaleIO.fsType ||= "xfs";
  }
}

/** A volume without a source is an empty directory. */
export function defaultVolume(volume: Draft<Volume>): void {
  const sources = Object.entries(volume).filter(([name, value]) => name !== "name" && value !== undefined);
  if (sources.length === 0) volume.emptyDir = {};
  if (volume.image) volume.image.pullPolicy ||= defaultPullPolicy(volume.image.reference);
  if (volume.hostPath) volume.hostPath.type ??= "";
  if (volume.secret) volume.secret.defaultMode ??= fileMode;
  if (volume.configMap) volume.configMap.defaultMode ??= fileMode;
  if (volume.downwardAPI) {
    volume.downwardAPI.defaultMode ??= fileMode;
    defaultFiles(volume.downwardAPI.items);
  }
  if (volume.projected) defaultProjected(volume.projected);
  defaultNetworkVolumes(volume);
  const template = volume.ephemeral?.volumeClaimTemplate;
  if (!template) return;
  template.metadata ??= {};
  template.spec ??= {};
  template.spec.volumeMode ??= "Filesystem";
  template.spec.resources ??= {};
  defaultResourceList(template.spec.resources.limits);
  defaultResourceList(template.spec.resources.requests);
}
