// How the events of a watch are written: objects as they are, as metadata alone or as rows of a Table; lines of JSON, or
// frames of protobuf. May import src/base and src/kinds.
import { encodeProtobuf, encodeWatchFrame } from "../../kinds/codec/protobuf.ts";
import type { KubernetesObject, ObjectRef } from "../../kinds/object.ts";
import { emptyObject } from "../../kinds/patch/apply/empty-object.ts";
import type { WatchEventType } from "../../kinds/request.ts";
import { encodeEventLine } from "../../store/watch-form.ts";
import { convertedObject, partialOf } from "../represent.ts";
import { refOf } from "../reply.ts";
import type { Resource } from "../registry.ts";
import type { ResourceContext } from "../server.ts";
import type { EventForm } from "../storage.ts";
import { tableOf, tableOptions } from "../table.ts";

/** An object of the kind with nothing in it but a resourceVersion. */
function bookmarkOf(resource: Resource, revision: number, initialEventsEnd: boolean): KubernetesObject {
  const annotations = initialEventsEnd ? { annotations: { "k8s.io/initial-events-end": "true" } } : {};
  const empty: Record<string, unknown> = resource.custom
    ? {}
    : { ...emptyObject(resource.definitions, resource.kind.definition) };
  delete empty["metadata"];
  const metadata = { resourceVersion: String(revision), ...annotations };
  const bookmark = { kind: resource.kind.kind, apiVersion: resource.apiVersion, metadata, ...empty };
  return bookmark as unknown as KubernetesObject;
}

const plainForms = new WeakMap<Resource, EventForm>();

/** The form of most watches: objects as they are, in JSON. One per kind. */
function plainForm(resource: Resource): EventForm {
  let form = plainForms.get(resource);
  if (!form) {
    form = {
      name: `json ${resource.apiVersion}`,
      encode: encodeEventLine,
      bookmark: (revision, end) => refOf(bookmarkOf(resource, revision, end)),
    };
    plainForms.set(resource, form);
  }
  return form;
}

/** The form that the client asked for. Throws 406 for what cannot be had. */
export function eventForm(context: ResourceContext): EventForm {
  const { media, resource } = context;
  const { convert } = media;
  const plain = plainForm(resource);
  if (convert?.kind === "PartialObjectMetadata") {
    const apiVersion = `${convert.group}/${convert.version}`;
    const partial = (ref: ObjectRef<KubernetesObject>): ObjectRef<unknown> =>
      refOf(partialOf(ref.object(), apiVersion));
    return framed(context, {
      ...plain,
      name: `partial ${apiVersion}`,
      refOf: partial,
      bookmark: (revision, end) => refOf(partialOf(bookmarkOf(resource, revision, end), apiVersion)),
    });
  }
  if (convert?.kind === "Table") return tableForm(context, plain, `${convert.group}/${convert.version}`);
  if (convert) convertedObject(context, bookmarkOf(resource, 0, false), convert);
  return framed(context, plain);
}

let tables = 0;

/** Only the first event of a watch has the columns, so that each watch has a form of its own. */
function tableForm(context: ResourceContext, plain: EventForm, apiVersion: string): EventForm {
  const { resource, request, server } = context;
  const { includeObject } = tableOptions(request.query);
  let noHeaders = false;
  tables += 1;
  const rows = (object: KubernetesObject): ObjectRef<unknown> => {
    const metadata = { resourceVersion: object.metadata.resourceVersion ?? "" };
    const now = { ...context, nowMs: server.ports.clock.now() };
    const table = tableOf(now, [object], metadata, apiVersion, { includeObject, noHeaders });
    noHeaders = true;
    return refOf(table);
  };
  return {
    ...plain,
    name: `table ${tables}`,
    refOf: (ref) => rows(ref.object()),
    bookmark: (revision, end) => rows(bookmarkOf(resource, revision, end)),
  };
}

/** In protobuf, where that is asked for. */
function framed(context: ResourceContext, form: EventForm): EventForm {
  const { media, resource } = context;
  if (media.encoding !== "protobuf") return form;
  return {
    ...form,
    name: `protobuf ${form.name}`,
    encode: (type: WatchEventType, ref) => {
      const object = ref.object() as { kind?: string };
      const definition = definitionOf(object.kind, resource);
      return encodeWatchFrame(type, encodeProtobuf(object, resource.definitions, definition));
    },
  };
}

export function definitionOf(kind: string | undefined, resource: Resource): string {
  if (kind === "Status") return "meta.v1.Status";
  if (kind === "PartialObjectMetadata") return "meta.v1.PartialObjectMetadata";
  return resource.kind.definition;
}
