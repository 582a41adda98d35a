// Who owns which fields: kept up to date by every write that is not an apply. May import src/kinds.
import type { JsonObject, KubernetesObject } from "../../kinds/object.ts";
import { keepTimesOfNoop } from "../../kinds/patch/apply/keep-times.ts";
import { managedFieldsOf, trackUpdate } from "../../kinds/patch/apply/track-update.ts";
import type { TrackOptions } from "../../kinds/patch/apply/track-update.ts";
import type { JsonMap } from "../../kinds/patch/json-value.ts";
import type { DraftObject, Write } from "./write.ts";

/** What tracking must know of a write. */
export function trackOptions(write: Write): TrackOptions {
  const { context, strategy, subresource, fieldManager, strategyContext } = write;
  const { resource } = context;
  return {
    definitions: resource.definitions,
    definition: resource.kind.definition,
    apiVersion: resource.apiVersion,
    kind: resource.kind.kind,
    resetFields: strategy.resetFields,
    manager: fieldManager,
    now: strategyContext.now,
    ...(subresource === "" ? {} : { subresource }),
    ...(resource.custom ? { custom: true } : {}),
  };
}

function setManagedFields(draft: DraftObject, tracked: JsonMap): void {
  const entries = managedFieldsOf(tracked);
  if (entries === undefined) delete draft.metadata["managedFields"];
  else draft.metadata["managedFields"] = entries as JsonObject[string];
}

/** Records in the draft what this write owns of it. `current` is undefined for a create. */
export function trackManagedFields(write: Write, current: KubernetesObject | undefined, draft: DraftObject): void {
  const live = current as unknown as JsonMap | undefined;
  setManagedFields(draft, trackUpdate(live, draft as unknown as JsonMap, trackOptions(write)));
}

/** The same for a body of another kind that is answered with its owners (TokenRequest, reviews). */
export function trackOtherFields(write: Write, draft: DraftObject, definition: string): void {
  const options = {
    ...trackOptions(write),
    definition,
    apiVersion: String(draft["apiVersion"]),
    kind: String(draft["kind"]),
    resetFields: undefined,
  };
  setManagedFields(draft, trackUpdate(undefined, draft as unknown as JsonMap, options));
}

/** A write that changes nothing but times of ownership keeps the old times, so that it changes nothing at all. */
export function keepManagedTimes(draft: DraftObject, old: KubernetesObject): void {
  const kept = keepTimesOfNoop(old as unknown as JsonMap, draft as unknown as JsonMap);
  if (kept !== (draft as unknown as JsonMap)) setManagedFields(draft, kept);
}
