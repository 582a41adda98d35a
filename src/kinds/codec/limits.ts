// The limits of decoding. Imports nothing.

/** Strict errors that are collected for one body, so that a hostile one cannot make answers huge. Upstream: 100. */
export const strictErrorsMax = 100;

/**
 * Levels of nested protobuf messages: a bound on the stack; nothing that upstream writes comes near. Upstream:
 * none.
 */
export const protobufDepthMax = 1000;
