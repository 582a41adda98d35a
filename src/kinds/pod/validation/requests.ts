// The bodies and options of a pod's subresources. Source: pkg/apis/core/validation (ValidatePodBinding,
// ValidatePodLogOptions) and pkg/registry/core/pod/storage/eviction.go. May import src/base.
import { forbidden, invalid, notSupported, required, type FieldError } from "../../../base/field-error.ts";
import type { Binding } from "../../types/core-v1.gen.ts";

/** The server answers these as one text (500), not as causes: joined like upstream's aggregate. */
export function validateBinding(binding: Binding): FieldError[] {
  const { kind = "", name = "" } = binding.target ?? {};
  const errors = kind && kind !== "Node" ? [notSupported("target.kind", kind, ["Node", "<empty>"])] : [];
  return name ? errors : [...errors, required("target.name")];
}

export interface LogOptions {
  readonly sinceSeconds?: number;
  readonly sinceTime?: string;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  readonly stream?: string;
}

export function validateLogOptions(options: LogOptions): FieldError[] {
  const { sinceSeconds, sinceTime, tailLines, limitBytes, stream } = options;
  const errors: FieldError[] = [];
  if (tailLines !== undefined && tailLines < 0) {
    errors.push(invalid("tailLines", tailLines, "must be greater than or equal to 0"));
  }
  if (limitBytes !== undefined && limitBytes < 1)
    errors.push(invalid("limitBytes", limitBytes, "must be greater than 0"));
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    errors.push(forbidden("[]", "at most one of `sinceTime` or `sinceSeconds` may be specified"));
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) {
    errors.push(invalid("sinceSeconds", sinceSeconds, "must be greater than 0"));
  }
  // Splitting the streams (KEP-3288) is off by default.
  if (stream !== undefined) errors.push(forbidden("stream", "may not be specified"));
  return errors;
}

export function validateEvictionOptions(
  options: { ignoreStoreReadErrorWithClusterBreakingPotential?: boolean } | undefined,
) {
  if (!options?.ignoreStoreReadErrorWithClusterBreakingPotential) return [];
  const field = "deleteOptions.ignoreStoreReadErrorWithClusterBreakingPotential";
  return [invalid(field, true, "can not be set for pod eviction, try after removing the option")];
}
