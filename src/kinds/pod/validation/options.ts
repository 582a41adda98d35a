// What a pod's validation lets pass: some rules are younger than objects that are stored already. Source:
// pkg/api/pod/util.go, with 1.36's feature gates at their defaults. May import src/base.
import { hasInvalidLabelValue, validateLabelSelector } from "../../meta/label-selector.ts";
import type { ObjectMeta } from "../../types/meta-v1.gen.ts";
import type { PodAffinityTerm, PodSpec } from "../../types/core-v1.gen.ts";
import { allContainers, isSidecar } from "../containers.ts";
import { isHugePages, isHugePagesDivisible } from "../resource-names.ts";
import { isDeletionCost } from "./annotations.ts";
import { validateLocalNonReservedPath } from "./paths.ts";
import { checkHostSysctl } from "./security.ts";
import { validateMatchLabelKeys } from "./spread.ts";

export interface PodValidationOptions {
  /** A pod and not a template. */
  readonly resourceIsPod: boolean;
  readonly allowInvalidPodDeletionCost: boolean;
  readonly allowInvalidLabelValueInSelector: boolean;
  readonly allowInvalidLabelValueInRequiredNodeAffinity: boolean;
  readonly allowIndivisibleHugePages: boolean;
  readonly allowInvalidSpreadSelector: boolean;
  readonly oldViolatesMatchLabelKeys: boolean;
  readonly allowNonLocalTokenPath: boolean;
  readonly allowHostSysctls: boolean;
  readonly onlyRecursiveSELinuxChange: boolean;
  readonly allowRestartContainerForInit: boolean;
  readonly allowUserNamespacesWithDevices: boolean;
  readonly allowUserNamespacesHostNetwork: boolean;
  readonly allowComparisonTolerations: boolean;
}

function affinityTerms(spec: PodSpec): PodAffinityTerm[] {
  const both = [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity];
  return both.flatMap((one) => [
    ...(one?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(one?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => term.podAffinityTerm),
  ]);
}

const hasInvalidAffinitySelector = (spec: PodSpec): boolean =>
  affinityTerms(spec).some((term) =>
    [term.labelSelector, term.namespaceSelector].some((one) => validateLabelSelector(one, "").length > 0),
  );

function hasInvalidNodeAffinityValue(spec: PodSpec): boolean {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return (required?.nodeSelectorTerms ?? []).some((term) =>
    hasInvalidLabelValue({ matchExpressions: term.matchExpressions ?? [] }),
  );
}

function usesIndivisibleHugePages(spec: PodSpec): boolean {
  const lists = [
    ...allContainers(spec).flatMap(({ resources }) => [resources?.limits, resources?.requests]),
    spec.overhead,
  ];
  return lists.some((list) =>
    Object.entries(list ?? {}).some(([name, amount]) => isHugePages(name) && !isHugePagesDivisible(name, amount)),
  );
}

const hasNonLocalTokenPath = (spec: PodSpec): boolean =>
  (spec.volumes ?? []).some((volume) =>
    (volume.projected?.sources ?? []).some(
      ({ serviceAccountToken: token }) => token && validateLocalNonReservedPath(token.path ?? "", "").length > 0,
    ),
  );

/** What an update may keep, since the stored object has it. Without an old object everything is checked. */
export function podValidationOptions(
  oldSpec: PodSpec | undefined,
  oldMeta: ObjectMeta | undefined,
  resourceIsPod: boolean,
): PodValidationOptions {
  const old = oldSpec ?? ({} as PodSpec);
  const sysctls = old.securityContext?.sysctls ?? [];
  return {
    resourceIsPod,
    allowInvalidPodDeletionCost: oldMeta !== undefined && !isDeletionCost(oldMeta.annotations),
    allowInvalidLabelValueInSelector: hasInvalidAffinitySelector(old),
    allowInvalidLabelValueInRequiredNodeAffinity: hasInvalidNodeAffinityValue(old),
    allowIndivisibleHugePages: usesIndivisibleHugePages(old),
    allowInvalidSpreadSelector: (old.topologySpreadConstraints ?? []).some(
      (one) => validateLabelSelector(one.labelSelector, "").length > 0,
    ),
    oldViolatesMatchLabelKeys: (old.topologySpreadConstraints ?? []).some(
      (one) => validateMatchLabelKeys("", one.matchLabelKeys, undefined, one.labelSelector).length > 0,
    ),
    allowNonLocalTokenPath: hasNonLocalTokenPath(old),
    allowHostSysctls: sysctls.some((one) => checkHostSysctl(one.name ?? "", old, "") !== undefined),
    onlyRecursiveSELinuxChange: old.securityContext?.seLinuxChangePolicy === undefined,
    allowRestartContainerForInit: (old.initContainers ?? []).some(
      (one) =>
        !isSidecar(one) && (one.resizePolicy ?? []).some((policy) => policy.restartPolicy === "RestartContainer"),
    ),
    allowUserNamespacesWithDevices:
      old.hostUsers === false && allContainers(old).some((one) => (one.volumeDevices?.length ?? 0) > 0),
    allowUserNamespacesHostNetwork: old.hostUsers === false && old.hostNetwork === true,
    allowComparisonTolerations: (old.tolerations ?? []).some((one) => ["Lt", "Gt"].includes(one.operator ?? "")),
  };
}
