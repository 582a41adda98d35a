// iSCSI volumes: qualified names of targets and initiators (RFC 3720). Source: pkg/apis/core/validation. May import
// src/base.
import { invalid, required, type FieldError } from "../../../../base/field-error.ts";
import { inclusiveRangeError } from "../../../meta/names.ts";
import type { ISCSIVolumeSource } from "../../../types/core-v1.gen.ts";
import { requireFields } from "./sources.ts";

// Upstream's patterns as they are: the first isn't anchored at its start.
const patterns: Readonly<Record<string, RegExp>> = {
  iqn: /iqn\.\d{4}-\d{2}\.([a-zA-Z0-9\-.]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[a-zA-Z0-9]{16}$/,
  naa: /^naa.[a-zA-Z0-9]{32}$/,
};

/** RFC 3720 allows 223 bytes; upstream's pattern any number, but it would take ours long to try them all. */
const nameMaxLength = 4096;

function checkName(name: string): string | undefined {
  const pattern = patterns[name.slice(0, 3)];
  if (!pattern) return "must be valid format starting with iqn, eui, or naa";
  return name.length <= nameMaxLength && pattern.test(name) ? undefined : "must be valid format";
}

export function validateISCSI(source: ISCSIVolumeSource, field: string): FieldError[] {
  const errors = requireFields(source, field, "targetPortal");
  const { iqn = "", lun = 0, initiatorName } = source;
  const wrongTarget = iqn ? checkName(iqn) : undefined;
  if (!iqn) errors.push(required(`${field}.iqn`));
  else if (wrongTarget) errors.push(invalid(`${field}.iqn`, iqn, wrongTarget));
  if (lun < 0 || lun > 255) errors.push(invalid(`${field}.lun`, lun, inclusiveRangeError(0, 255)));
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef) {
    errors.push(required(`${field}.secretRef`));
  }
  const wrongInitiator = initiatorName === undefined ? undefined : checkName(initiatorName);
  if (wrongInitiator) errors.push(invalid(`${field}.initiatorname`, initiatorName, wrongInitiator));
  return errors;
}
