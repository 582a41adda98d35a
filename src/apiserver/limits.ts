// The API server's limits: each with its unit, its reason and upstream's value. Imports nothing.

/** A request's body. Upstream: MaxRequestBodyBytes, 3 MiB (twice etcd's limit of 1.5 MiB). */
export const requestBodyBytesMax = 3 * 1024 * 1024;
/** How often a write whose compare failed is tried again before the client is told. Upstream retries until the deadline. */
export const writeAttemptsMax = 100;
/** Names tried for a generateName. Upstream: maxNameGenerationCreateAttempts, 8. */
export const generatedNameAttemptsMax = 8;
/** Letters that generateName appends. Upstream: 5. */
export const generatedSuffixLength = 5;
/** A generateName is cut to this, so that name and suffix fit. Upstream: 63 - 5. */
export const generateNameLengthMax = 58;
/** How long a read waits for a revision that has not come yet. Upstream: blockTimeout, 3 s. */
export const futureRevisionWaitMs = 3_000;
/** The shortest watch without timeoutSeconds; the longest is twice that. Upstream: min-request-timeout, 1800 s. */
export const watchTimeoutMinMs = 1_800_000;
/** Characters of the warnings of one reply before they are cut. Upstream: truncateAtTotalRunes, 4 KiB. */
export const warningsLengthMax = 4096;
/** Characters of one warning once they are cut. Upstream: truncateItemRunes, 256. */
export const warningItemLength = 256;
/** Objects deleted at once by deletecollection. Upstream: DeleteCollectionWorkers, 1. */
export const deleteCollectionParallelMax = 16;
/** An object as it is stored. Upstream: etcd's request limit, 1.5 MiB. */
export const storedObjectBytesMax = 1.5 * 1024 * 1024;
