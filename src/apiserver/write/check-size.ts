// An object that is too large to be stored, in etcd's words. May import src/base.
import { errors } from "../../base/errors.ts";
import { storedObjectBytesMax } from "../limits.ts";

/** Throws 413 for what no store takes. */
export function checkSize(bytes: Uint8Array): void {
  if (bytes.length <= storedObjectBytesMax) return;
  throw errors.failure(413, "RequestEntityTooLarge", "etcdserver: request is too large", {});
}
