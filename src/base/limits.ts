// The limits of this layer: what is read from clients is bounded here. Imports nothing.

/** Levels of nesting in JSON; Go's encoding/json refuses what is deeper (maxNestingDepth). Upstream: 10,000. */
export const jsonDepthMax = 10_000;

/**
 * Aliases that one YAML document may expand to, so that small texts cannot become huge objects. Upstream bounds the
 * ratio of expansion instead.
 */
export const yamlAliasesMax = 100;

/**
 * Decimal digits by which the terms of a sum of quantities may lie apart; beyond, the larger one alone is the sum.
 * Upstream has no bound, and 1e1000000000 would fill its memory.
 */
export const quantityAlignDigitsMax = 4096;

/** Bytes of a label's value and of the name part of its key. Upstream: 63. */
export const labelBytesMax = 63;

/** Bytes of a DNS subdomain: the prefix of a label's key. Upstream (RFC 1123): 253. */
export const subdomainBytesMax = 253;
