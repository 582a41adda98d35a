// The node agent's limits: each with its unit, reason and upstream's value. Imports nothing.

/** CrashLoopBackOff: 10 s, doubled up to 5 min, forgotten after 10 min of calm. Upstream: the same. */
export const crashBackOff = { initialMs: 10_000, maxMs: 300_000 } as const;
/** ImagePullBackOff. Upstream: 10 s to 5 min. */
export const imageBackOff = { initialMs: 10_000, maxMs: 300_000 } as const;
/** A pod whose round failed is tried again after so long. Upstream: 10 s, with jitter. */
export const podRetryMs = 10_000;
/** Volumes that cannot be set up are tried again: 500 ms, doubled. Upstream: 500 ms to 2 min 2 s. */
export const volumeBackOff = { initialMs: 500, maxMs: 122_000 } as const;
/** The whole node is compared with the runtime so often; events come first. Upstream's PLEG lists every second. */
export const relistMs = 60_000;
/** Lease renewal. Upstream: 10 s for a lease of 40 s. */
export const leaseRenewMs = 10_000;
export const leaseDurationSeconds = 40;
/** An unchanged node status is written again after so long. Upstream: 5 min. */
export const nodeStatusReportMs = 300_000;
/** The node's condition is looked at so often. Upstream: 10 s. */
export const nodeStatusCheckMs = 10_000;
/** Images in the node's status, and names of each. Upstream: 50 and 5. */
export const nodeImagesMax = 50;
export const imageNamesMax = 5;
/** Bytes of one container's termination message, of all of a pod's, and lines of a log taken instead of one. */
export const terminationMessageBytesMax = 4096;
export const terminationLogBytesMax = 2048;
export const terminationLogLinesMax = 80;
export const podTerminationMessageBytesMax = 12_288;
/** The shortest time that a container gets to stop. Upstream: 2 s. */
export const minimumGraceSeconds = 2;
/** A probe that errs is repeated at once so often. Upstream: 3. */
export const probeAttemptsMax = 3;
/** Bytes of a probe's or hook's output that are read. Upstream: 10 KiB. */
export const probeOutputBytesMax = 10_240;
/** A container that ran this long before the agent started keeps its readiness across the restart. Upstream: 10 s. */
export const restartToleranceMs = 10_000;
/** A container's log file is rotated past so many bytes, and so many files are kept. Upstream: 10 MiB, 5. */
export const logBytesMax = 10 * 1024 * 1024;
export const logFilesMax = 5;
export const logRotationCheckMs = 10_000;
/** Bytes of a log that are read at a time. */
export const logReadBytes = 64 * 1024;
/** Name servers, search domains and their length in resolv.conf. Upstream: 3, 32, 2048. */
export const dnsServersMax = 3;
export const dnsSearchesMax = 32;
export const dnsSearchCharactersMax = 2048;
/** A service account token is asked for anew past this share of its life, or past a day. Upstream: 0.8, 24 h. */
export const tokenRenewShare = 0.8;
export const tokenRenewAfterMs = 24 * 3600 * 1000;
/** Image collection starts at, and frees down to, so many per cent of the disk. Upstream: 85, 80; images younger than
 * 2 min are kept. */
export const imageDiskHighPercent = 85;
export const imageDiskLowPercent = 80;
export const imageMinimumAgeMs = 120_000;
export const imageCollectionMs = 300_000;
/** Sizes of emptyDir volumes and local storage are measured so often. Upstream: 10 s. */
export const evictionCheckMs = 10_000;
/** The manifest folder of static pods is read so often beside its events. Upstream: 20 s. */
export const manifestCheckMs = 20_000;
/** CPU period in microseconds, and the least shares and quota that Linux takes. */
export const cpuPeriodMicros = 100_000;
export const cpuSharesMin = 2;
export const cpuSharesMax = 262_144;
export const cpuQuotaMicrosMin = 1000;
/** At most so many image pulls at once; undefined in upstream's default configuration, which pulls one by one. */
export const parallelPullsMax = 5;
