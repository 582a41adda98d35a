// The limits of patches: each with its unit, its reason and upstream's value. Imports nothing.

/** Operations in one JSON patch: bounds the time of one request. Upstream: 10,000 (maxJSONPatchOperations). */
export const maxJsonPatchOperations = 10_000;

/** Bytes that all `copy` operations of one JSON patch may add, since copies double. Upstream: 3 MiB. */
export const maxJsonPatchCopyBytes = 3 * 1024 * 1024;

/**
 * Levels of a patched document: copies can nest a document in itself, and walking is recursive. Upstream refuses 10,000
 * levels when it decodes the result.
 */
export const maxPatchedDepth = 1_000;

/** Entries of `Update` in managedFields, past which the oldest are merged. Upstream: 10 (DefaultMaxUpdateManagers). */
export const maxUpdateEntries = 10;

/** Bytes of all annotations of an object; a last-applied annotation that would pass it is dropped. Upstream: 256 KiB. */
export const maxAnnotationsBytes = 256 * 1024;

/** Bytes of a field manager's name, in the entry and in the request. Upstream: 128. */
export const maxFieldManagerBytes = 128;
