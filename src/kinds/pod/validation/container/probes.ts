// Probes and lifecycle hooks. Source: pkg/apis/core/validation, KEP-3960, KEP-4960. May import src/base.
import { forbidden, invalid, notSupported, required, type FieldError } from "../../../../base/field-error.ts";
import { isHTTPHeaderName, isPortName, isPortNumber } from "../../../meta/value-names.ts";
import type { HTTPGetAction, Lifecycle, LifecycleHandler, Probe } from "../../../types/core-v1.gen.ts";
import { linuxStopSignals } from "./stop-signals.ts";

type Handler = Partial<LifecycleHandler> & { readonly grpc?: { readonly port?: number } };

export function validatePort(port: number | string | undefined, field: string): FieldError[] {
  const value = port ?? 0;
  const wrong = typeof value === "number" ? isPortNumber(value) : isPortName(value);
  return wrong.map((message) => invalid(field, value, message));
}

function validateHTTPGet(action: HTTPGetAction, field: string): FieldError[] {
  const errors = action.path ? [] : [required(`${field}.path`)];
  errors.push(...validatePort(action.port, `${field}.port`));
  const scheme: string = action.scheme ?? "";
  if (scheme !== "HTTP" && scheme !== "HTTPS") {
    errors.push(notSupported(`${field}.scheme`, scheme, ["HTTP", "HTTPS"]));
  }
  for (const { name = "" } of action.httpHeaders ?? []) {
    errors.push(...isHTTPHeaderName(name).map((message) => invalid(`${field}.httpHeaders`, name, message)));
  }
  return errors;
}

function validateSleep(seconds: number, gracePeriod: number | undefined, field: string): FieldError[] {
  if (gracePeriod === undefined || (seconds >= 0 && seconds <= gracePeriod)) return [];
  const detail = `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`;
  return [invalid(field, seconds, detail)];
}

/** Of several handlers the first is checked, the others are forbidden. */
function validateHandler(handler: Handler, gracePeriod: number | undefined, field: string): FieldError[] {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  const checks: (readonly [string, (path: string) => FieldError[]] | undefined)[] = [
    exec && ["exec", (path) => (exec.command?.length ? [] : [required(`${path}.command`)])],
    httpGet && ["httpGet", (path) => validateHTTPGet(httpGet, path)],
    tcpSocket && ["tcpSocket", (path) => validatePort(tcpSocket.port, `${path}.port`)],
    grpc && ["grpc", (path) => validatePort(grpc.port, `${path}.port`)],
    sleep && ["sleep", (path) => validateSleep(sleep.seconds ?? 0, gracePeriod, path)],
  ];
  const [first, ...more] = checks.filter((one) => one !== undefined);
  if (!first) return [required(field, "must specify a handler type")];
  return [
    ...first[1](`${field}.${first[0]}`),
    ...more.map(([name]) => forbidden(`${field}.${name}`, "may not specify more than 1 handler type")),
  ];
}

const notNegative = (value: number | undefined, field: string): FieldError[] =>
  (value ?? 0) < 0 ? [invalid(field, value, "must be greater than or equal to 0")] : [];

function validateProbe(probe: Probe, gracePeriod: number | undefined, field: string): FieldError[] {
  const { exec, httpGet, tcpSocket, grpc, terminationGracePeriodSeconds: grace } = probe;
  const handler = { exec, httpGet, tcpSocket, grpc } as Handler;
  const errors = validateHandler(handler, gracePeriod, field);
  for (const name of [
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
  ] as const) {
    errors.push(...notNegative(probe[name], `${field}.${name}`));
  }
  if (grace !== undefined && grace <= 0) {
    errors.push(invalid(`${field}.terminationGracePeriodSeconds`, grace, "must be greater than 0"));
  }
  return errors;
}

interface Probes {
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly startupProbe?: Probe;
}

/** Liveness, readiness, startup: in this order. */
export function validateProbes(container: Probes, gracePeriod: number | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ["livenessProbe", "readinessProbe", "startupProbe"] as const) {
    const probe = container[name];
    if (!probe) continue;
    const path = `${field}.${name}`;
    errors.push(...validateProbe(probe, gracePeriod, path));
    if (name === "readinessProbe") {
      const grace = probe.terminationGracePeriodSeconds;
      if (grace === undefined) continue;
      errors.push(invalid(`${path}.terminationGracePeriodSeconds`, grace, "must not be set for readinessProbes"));
    } else if (probe.successThreshold !== 1) {
      errors.push(invalid(`${path}.successThreshold`, probe.successThreshold ?? 0, "must be 1"));
    }
  }
  return errors;
}

function validateStopSignal(signal: string, os: string | undefined, field: string): FieldError[] {
  if (os === undefined) return [forbidden(field, "may not be set for containers with empty `spec.os.name`")];
  const supported = os === "windows" ? ["SIGKILL", "SIGTERM"] : os === "linux" ? linuxStopSignals : undefined;
  return !supported || supported.includes(signal) ? [] : [notSupported(field, signal, supported)];
}

export function validateLifecycle(
  lifecycle: Lifecycle | undefined,
  gracePeriod: number | undefined,
  os: string | undefined,
  field: string,
): FieldError[] {
  const { postStart, preStop, stopSignal } = lifecycle ?? {};
  return [
    ...(postStart ? validateHandler(postStart, gracePeriod, `${field}.postStart`) : []),
    ...(preStop ? validateHandler(preStop, gracePeriod, `${field}.preStop`) : []),
    ...(stopSignal === undefined ? [] : validateStopSignal(stopSignal, os, `${field}.stopSignal`)),
  ];
}
