// Limits of Jobs, with upstream's values (pkg/apis/batch/validation). They bound what a Job's status must hold.
export const indexedParallelismMax = 100_000;
export const failedIndexesMax = 100_000;
/** From here on, what a failed index costs is bounded too. */
export const manyCompletions = 100_000;
export const manyCompletionsParallelismMax = 10_000;
export const manyCompletionsFailedIndexesMax = 10_000;
/** With more, completed indexes may not fit into the status: a warning. */
export const trackedParallelism = 10_000;
export const policyRulesMax = 20;
export const exitCodesMax = 255;
export const podConditionsMax = 20;
export const managedByMaxBytes = 63;
export const indexesMaxBytes = 64 * 1024;
/** Eleven are left for what a Job's name gets from its time. */
export const cronJobNameMaxBytes = 52;
