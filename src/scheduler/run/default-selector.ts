// What selects a pod: its services, and the controller that made it. Pods that are selected alike are spread. Source:
// plugins/helper/spread.go. May import src/base, src/kinds, src/client.
import { type LabelMatcher, matcherOf, matcherOfLabels, matcherOfSelector, matchesLabels } from "../../base/labels.ts";
import type { Informer, InformerSet } from "../../client/index.ts";
import { findKindOfResource } from "../../kinds/index.ts";
import type { Kind } from "../../kinds/kind.ts";
import { semanticEqual } from "../../kinds/meta/equality.ts";
import type { KubernetesObject } from "../../kinds/object.ts";
import { getControllerOf } from "../../kinds/pod/ownership.ts";
import type { ReplicaSet, StatefulSet } from "../../kinds/types/apps-v1.gen.ts";
import type { ReplicationController, Service } from "../../kinds/types/core-v1.gen.ts";
import type { PodInfo } from "../pod-info.ts";

interface Selecting extends KubernetesObject {
  readonly spec?: { readonly selector?: unknown };
}

/** Selectors of pods that look alike are remembered until a selector changes; so many of them. */
const rememberedMax = 1024;

/** The informer of a resource, where this API serves it. */
export function informerOf<T extends KubernetesObject>(
  informers: InformerSet,
  group: string,
  version: string,
  plural: string,
): Informer<T> | undefined {
  const kind = findKindOfResource(group, version, plural);
  return kind && informers.of(kind as unknown as Kind<T>);
}

export class DefaultSelectors {
  readonly #services: Informer<Service> | undefined;
  readonly #replicationControllers: Informer<ReplicationController> | undefined;
  readonly #replicaSets: Informer<ReplicaSet> | undefined;
  readonly #statefulSets: Informer<StatefulSet> | undefined;
  readonly #known = new Map<string, LabelMatcher>();

  constructor(informers: InformerSet) {
    this.#services = informerOf(informers, "", "v1", "services");
    this.#replicationControllers = informerOf(informers, "", "v1", "replicationcontrollers");
    this.#replicaSets = informerOf(informers, "apps", "v1", "replicasets");
    this.#statefulSets = informerOf(informers, "apps", "v1", "statefulsets");
    this.#forgetOnChange(this.#services);
    this.#forgetOnChange(this.#replicationControllers);
    this.#forgetOnChange(this.#replicaSets);
    this.#forgetOnChange(this.#statefulSets);
  }

  #forgetOnChange<T extends Selecting>(informer: Informer<T> | undefined): void {
    informer?.onChange(({ type, object, old }) => {
      if (type !== "MODIFIED" || !semanticEqual(object.spec?.selector, old?.spec?.selector)) this.#known.clear();
    });
  }

  of(info: PodInfo): LabelMatcher {
    const owner = getControllerOf(info.pod);
    const key = JSON.stringify([info.namespace, info.labels, owner?.kind, owner?.name]);
    let matcher = this.#known.get(key);
    if (!matcher) {
      matcher = this.#find(info);
      if (this.#known.size >= rememberedMax) this.#known.clear();
      this.#known.set(key, matcher);
    }
    return matcher;
  }

  #find({ pod, namespace, labels }: PodInfo): LabelMatcher {
    let wanted: Readonly<Record<string, string>> = {};
    for (const { spec } of this.#services?.list(namespace) ?? []) {
      if (spec?.selector && matchesLabels(matcherOfLabels(spec.selector), labels)) {
        wanted = { ...wanted, ...spec.selector };
      }
    }
    const owner = getControllerOf(pod);
    const is = (apiVersion: string, kind: string): boolean => owner?.apiVersion === apiVersion && owner.kind === kind;
    if (is("v1", "ReplicationController")) {
      wanted = { ...wanted, ...this.#replicationControllers?.get(namespace, owner!.name)?.spec?.selector };
    }
    const own = matcherOfLabels(wanted);
    const set = is("apps/v1", "ReplicaSet")
      ? this.#replicaSets?.get(namespace, owner!.name)
      : is("apps/v1", "StatefulSet")
        ? this.#statefulSets?.get(namespace, owner!.name)
        : undefined;
    const more = matcherOfSelector(set?.spec?.selector);
    return more.nothing ? own : matcherOf([...own.requirements, ...more.requirements]);
  }
}
