// The error of a read that asks for a revision that has not come. May import src/base.
import { errors } from "../base/errors.ts";
import type { StatusError } from "../base/errors.ts";

/** 504: the revision hasn't come. */
export function tooLarge(revision: number, current: number): StatusError {
  const message = `Timeout: Too large resource version: ${revision}, current: ${current}`;
  const causes = [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }];
  return errors.failure(504, "Timeout", message, { causes, retryAfterSeconds: 1 });
}
