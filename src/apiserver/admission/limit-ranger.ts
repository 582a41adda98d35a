// LimitRanger: gives containers what a namespace's LimitRanges say is the default, and refuses what is below, above, or out
// of proportion. Upstream: plugin/pkg/admission/limitranger. May import src/base and src/kinds.
import { limitRange as limitRangeKind } from "../../kinds/core/limit-range.ts";
import type { Draft } from "../../kinds/object.ts";
import type { Container, LimitRange, PersistentVolumeClaim, Pod } from "../../kinds/types/core-v1.gen.ts";
import type { ObjectReader } from "../object-reader.ts";
import type { AdmissionContext, AdmissionPlugin } from "../ports.ts";
import { checkClaim, checkPod } from "./quota/limit-checks.ts";
import { isFor, refuse } from "./refuse.ts";

const annotation = "kubernetes.io/limit-ranger";
type Amounts = Readonly<Record<string, string>>;

interface Defaults {
  readonly limits: Amounts;
  readonly requests: Amounts;
}

function defaultsOf({ spec }: LimitRange): Defaults {
  const containers = (spec?.limits ?? []).filter(({ type }) => type === "Container");
  return {
    limits: Object.assign({}, ...containers.map((one) => one.default ?? {})) as Amounts,
    requests: Object.assign({}, ...containers.map((one) => one.defaultRequest ?? {})) as Amounts,
  };
}

/** The names that were missing, sorted. */
function fillIn(container: Draft<Container>, part: "limits" | "requests", wanted: Amounts): string[] {
  const given = container.resources?.[part] ?? {};
  const missing = Object.keys(wanted).filter((name) => !Object.hasOwn(given, name));
  if (missing.length === 0) return [];
  const added = Object.fromEntries(missing.map((name) => [name, wanted[name]!]));
  container.resources = { ...container.resources, [part]: { ...given, ...added } };
  return missing.toSorted();
}

function fillInContainer(container: Draft<Container>, what: string, { limits, requests }: Defaults): string[] {
  const limited = fillIn(container, "limits", limits);
  const requested = fillIn(container, "requests", requests);
  return [
    ...(requested.length > 0 ? [`${requested.join(", ")} request for ${what} ${container.name}`] : []),
    ...(limited.length > 0 ? [`${limited.join(", ")} limit for ${what} ${container.name}`] : []),
  ];
}

function fillInPod(pod: Draft<Pod>, limits: LimitRange): void {
  const defaults = defaultsOf(limits);
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const told = [
    ...containers.flatMap((one) => fillInContainer(one, "container", defaults)),
    ...initContainers.flatMap((one) => fillInContainer(one, "init container", defaults)),
  ];
  if (told.length === 0) return;
  const metadata = (pod.metadata ??= {});
  metadata.annotations = { ...metadata.annotations, [annotation]: `LimitRanger plugin set: ${told.join("; ")}` };
}

type Limited = "pod" | "claim" | undefined;

/** A pod's containers are limited when it comes and when they are resized, a claim always. What is being deleted isn't. */
function limitedBy(context: AdmissionContext): Limited {
  if (context.oldObject?.metadata.deletionTimestamp) return undefined;
  if (isFor(context, "persistentvolumeclaims")) return "claim";
  const update = context.operation === "UPDATE";
  return isFor(context, "pods", "", update ? "resize" : "") ? "pod" : undefined;
}

/** As Go prints several errors: each text once, in brackets where there is more than one. */
function joinErrors(texts: readonly string[]): string {
  const distinct = [...new Set(texts)];
  return distinct.length === 1 ? distinct[0]! : `[${distinct.join(", ")}]`;
}

export function limitRanger(reader: ObjectReader): AdmissionPlugin {
  return {
    name: "LimitRanger",
    operations: ["CREATE", "UPDATE"],
    mutate(context) {
      if (limitedBy(context) !== "pod") return;
      for (const limits of reader.list(limitRangeKind, context.namespace)) {
        fillInPod(context.object as Draft<Pod>, limits);
      }
    },
    validate(context) {
      const limited = limitedBy(context);
      if (!limited) return;
      for (const limits of reader.list(limitRangeKind, context.namespace)) {
        const items = limits.spec?.limits ?? [];
        const errors =
          limited === "pod"
            ? checkPod(context.object as unknown as Pod, items)
            : checkClaim(context.object as unknown as PersistentVolumeClaim, items);
        if (errors.length > 0) throw refuse(context, joinErrors(errors));
      }
    },
  };
}
