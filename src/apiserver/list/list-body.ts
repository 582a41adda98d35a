// The body of a list: its head and the buffers of its items, joined when the wire asks for them, a page at a time. No
// object is parsed or printed for it. May import src/kinds.
import type { KubernetesObject, ObjectRef } from "../../kinds/object.ts";
import type { ApiBody } from "../../kinds/request.ts";
import type { Resource } from "../registry.ts";

export interface ListMetadata {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** How many items are copied into one buffer before it is given away. */
const pageItems = 64;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const heads = new WeakMap<Resource, Uint8Array>();

/** What the bytes of every object of the kind begin with: `{"kind":"Pod","apiVersion":"v1",`. */
function headOf(resource: Resource): Uint8Array {
  let head = heads.get(resource);
  if (!head) {
    const { kind } = resource.kind;
    head = encoder.encode(`{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(resource.apiVersion)},`);
    heads.set(resource, head);
  }
  return head;
}

function beginsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  if (bytes.length <= head.length) return false;
  for (let index = head.length - 1; index >= 0; index -= 1) if (bytes[index] !== head[index]) return false;
  return true;
}

/** An item's bytes without kind and apiVersion, and without the brace that opens them. */
function tailOf(bytes: Uint8Array, head: Uint8Array): Uint8Array {
  if (beginsWith(bytes, head)) return bytes.subarray(head.length);
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = JSON.parse(decoder.decode(bytes)) as KubernetesObject;
  return encoder.encode(JSON.stringify(rest).slice(1));
}

function* joined(
  start: string,
  refs: readonly ObjectRef<KubernetesObject>[],
  head: Uint8Array | undefined,
): Generator<Uint8Array> {
  yield encoder.encode(start);
  for (let from = 0; from < refs.length; from += pageItems) {
    yield joinPage(refs, from, Math.min(from + pageItems, refs.length), head);
  }
  yield encoder.encode("]}");
}

function joinPage(
  refs: readonly ObjectRef<KubernetesObject>[],
  from: number,
  to: number,
  head: Uint8Array | undefined,
): Uint8Array {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (let index = from; index < to; index += 1) {
    const { bytes } = refs[index]!;
    const piece = head === undefined ? bytes : tailOf(bytes, head);
    pieces.push(piece);
    size += piece.length + 2;
  }
  const page = new Uint8Array(size);
  let at = 0;
  for (let index = 0; index < pieces.length; index += 1) {
    if (from + index > 0) {
      page[at] = 44;
      at += 1;
    }
    if (head !== undefined) {
      page[at] = 123;
      at += 1;
    }
    page.set(pieces[index]!, at);
    at += pieces[index]!.length;
  }
  return page.subarray(0, at);
}

/** The start of a list's JSON, up to its first item. */
export function listStart(kind: string, apiVersion: string, metadata: ListMetadata): string {
  const fields = [`"resourceVersion":${JSON.stringify(metadata.resourceVersion)}`];
  if (metadata.continue) fields.push(`"continue":${JSON.stringify(metadata.continue)}`);
  if (metadata.remainingItemCount !== undefined) fields.push(`"remainingItemCount":${metadata.remainingItemCount}`);
  return `{"kind":"${kind}","apiVersion":"${apiVersion}","metadata":{${fields.join(",")}},"items":[`;
}

/** A list of objects as they are. Items of custom resources keep their kind, as upstream's do. */
export function listBody(
  resource: Resource,
  items: readonly ObjectRef<KubernetesObject>[],
  metadata: ListMetadata,
): ApiBody {
  const start = listStart(resource.kind.listKind, resource.apiVersion, metadata);
  return {
    kind: "list",
    ...metadata,
    items,
    chunks: () => joined(start, items, resource.custom ? undefined : headOf(resource)),
  };
}
