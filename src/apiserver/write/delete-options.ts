// The options of a deletion: from the body where there is one, else from the query. May import src/base and src/kinds.
import { StatusError, errors } from "../../base/errors.ts";
import { decodeObject } from "../../kinds/codec/decode.ts";
import { requestBodyBytesMax } from "../limits.ts";
import { contentTypes, inputEncoding } from "../request/negotiate.ts";
import { checkDeleteOptions, deleteOptionsOfQuery } from "../request/query.ts";
import type { DeleteOptions, RawDeleteOptions } from "../request/query.ts";
import type { ResourceContext } from "../server.ts";
import { replaceVersion } from "./decode-body.ts";

/** Throws 400, 413, 415, 422. */
export async function readDeleteOptions(context: ResourceContext): Promise<DeleteOptions> {
  const { request, resource } = context;
  const { headers, query } = request;
  const bytes = headers["content-length"] === "0" ? noBytes : await request.body(requestBodyBytesMax);
  if (bytes.length === 0) return deleteOptionsOfQuery(query);
  const encoding = inputEncoding(headers["content-type"]);
  try {
    const expected = { group: "", version: "v1", kind: "DeleteOptions" };
    const body = replaceVersion(bytes, encoding, expected, ["meta.k8s.io/v1"]);
    const { object } = decodeObject(body, contentTypes[encoding] as Parameters<typeof decodeObject>[1], {
      definitions: resource.definitions,
      definitionName: "meta.v1.DeleteOptions",
      expected,
      fieldValidation: "Ignore",
      anyGroup: true,
    });
    const options = object as RawDeleteOptions & { readonly dryRun?: readonly string[] };
    return checkDeleteOptions(options, options.dryRun ?? []);
  } catch (error) {
    throw plainDecodeError(error);
  }
}

const noBytes = new Uint8Array();

/** Here the decoder's own words are told, without what it was meant to be. */
function plainDecodeError(error: unknown): unknown {
  if (!(error instanceof StatusError) || error.reason !== "BadRequest") return error;
  const { message } = error;
  const unrecognized = "the object provided is unrecognized (must be of type DeleteOptions): ";
  if (message.startsWith(unrecognized)) {
    const end = message.lastIndexOf(" (");
    return errors.badRequest(message.slice(unrecognized.length, end < 0 ? undefined : end));
  }
  const marker = " cannot be handled as a DeleteOptions: ";
  const at = message.indexOf(marker);
  return at < 0 ? error : errors.badRequest(message.slice(at + marker.length));
}
