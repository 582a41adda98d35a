// Operating errors: each is an API Status with upstream's reason, code and words, since clients match on them. They are
// made here and nowhere else. Programmer errors are asserts (assert.ts). Imports src/base only.
import type { FieldError } from "./field-error.ts";

export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}
export interface Status {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
  readonly status: "Success" | "Failure";
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code?: number;
}

/** An error that is answered to the client as a Status. */
export class StatusError extends Error {
  override name = "StatusError";
  readonly status: Status;
  constructor(status: Status, options?: { cause?: unknown }) {
    super(status.message ?? status.reason ?? "unknown", options);
    this.status = status;
  }
  get code(): number {
    return this.status.code ?? 500;
  }
  get reason(): string {
    return this.status.reason ?? "";
  }
}

/** A resource as it is named in errors: `pods`, `deployments.apps`. */
export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}
export const qualified = ({ group, resource }: GroupResource): string => (group ? `${resource}.${group}` : resource);

function failure(
  code: number,
  reason: string,
  message: string,
  details?: StatusDetails,
  options?: { cause?: unknown },
): StatusError {
  const status: Status = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    ...(reason ? { reason } : {}),
    ...(details ? { details } : {}),
    code,
  };
  return new StatusError(status, options);
}

const detailsOf = (resource: GroupResource, name: string): StatusDetails => ({
  ...(name ? { name } : {}),
  ...(resource.group ? { group: resource.group } : {}),
  ...(resource.resource ? { kind: resource.resource } : {}),
});

export const errors = {
  failure,
  badRequest: (message: string): StatusError => failure(400, "BadRequest", message),
  unauthorized: (message = "Unauthorized"): StatusError => failure(401, "Unauthorized", message),
  forbidden(resource: GroupResource, name: string, why: string): StatusError {
    const what = name ? `${qualified(resource)} "${name}"` : qualified(resource);
    const message = resource.resource ? `${what} is forbidden: ${why}` : `forbidden: ${why}`;
    return failure(403, "Forbidden", message, detailsOf(resource, name));
  },
  notFound(resource: GroupResource, name: string): StatusError {
    return failure(404, "NotFound", `${qualified(resource)} "${name}" not found`, detailsOf(resource, name));
  },
  alreadyExists(resource: GroupResource, name: string): StatusError {
    return failure(409, "AlreadyExists", `${qualified(resource)} "${name}" already exists`, detailsOf(resource, name));
  },
  conflict(resource: GroupResource, name: string, why: string): StatusError {
    const message = `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`;
    return failure(409, "Conflict", message, detailsOf(resource, name));
  },
  /** The compare of an update failed: the object has changed since the client read it. */
  modified(resource: GroupResource, name: string): StatusError {
    return errors.conflict(
      resource,
      name,
      "the object has been modified; please apply your changes to the latest version and try again",
    );
  },
  /** `kind` is the object's kind, with its group in `details.group`. */
  invalid(group: string, kind: string, name: string, causes: readonly FieldError[]): StatusError {
    const texts = [...new Set(causes.map((cause) => `${cause.field}: ${cause.message}`))];
    const list = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
    const qualifiedKind = group ? `${kind}.${group}` : kind;
    return failure(422, "Invalid", `${qualifiedKind} "${name}" is invalid: ${list}`, {
      ...(name ? { name } : {}),
      ...(group ? { group } : {}),
      ...(kind ? { kind } : {}),
      causes: causes.map(({ reason, message, field }) => ({ reason, message, field })),
    });
  },
  /** 410: the revision is compacted; `message` as upstream says it. */
  expired: (message: string): StatusError => failure(410, "Expired", message),
  gone: (message: string): StatusError => failure(410, "Gone", message),
  methodNotAllowed(resource: GroupResource, verb: string): StatusError {
    const message = `${verb} is not supported on resources of kind "${qualified(resource)}"`;
    return failure(405, "MethodNotAllowed", message, detailsOf(resource, ""));
  },
  notAcceptable: (message: string): StatusError => failure(406, "NotAcceptable", message),
  unsupportedMediaType: (message: string): StatusError => failure(415, "UnsupportedMediaType", message),
  requestEntityTooLarge: (message: string): StatusError => failure(413, "RequestEntityTooLarge", message),
  tooManyRequests: (message: string, retryAfterSeconds: number): StatusError =>
    failure(429, "TooManyRequests", message, { retryAfterSeconds }),
  timeout: (message: string, retryAfterSeconds?: number): StatusError =>
    failure(504, "Timeout", `Timeout: ${message}`, retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  serviceUnavailable: (message: string): StatusError => failure(503, "ServiceUnavailable", message),
  internal: (message: string, cause?: unknown): StatusError =>
    failure(500, "InternalError", `Internal error occurred: ${message}`, { causes: [{ message }] }, { cause }),
} as const;
