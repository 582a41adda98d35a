// Assertions: programmer errors that stay on in production. Imports nothing.

export class AssertionError extends Error {
  override name = "AssertionError";
}

/** Throws AssertionError with `message` when `condition` is false. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
