// The SQLite engine's limits: each with its unit, its reason and upstream's value. Imports nothing.

/** Rows that one durable transaction may hold: what waits is written together up to here. Upstream: etcd, 10,000. */
export const commitRowsMax = 4_096;

/** … and its bytes, so that the acknowledgement of a small write never waits for a huge one. Upstream: none. */
export const commitBytesMax = 8 * 1024 * 1024;

/** Bytes of writes that may wait for the disk; past it, writes are refused. Upstream: 5,000 proposals of 1.5 MiB. */
export const waitingBytesMax = 128 * 1024 * 1024;

/** Rows that the worker reads for one request before it looks for writes again. */
export const readRowsMax = 256;

/** Read requests that are served between two commits. */
export const readsBetweenCommitsMax = 4;

/** Rows that are told at a time while the file is opened. */
export const loadRowsMax = 10_000;

/** Rows that one compaction transaction deletes, and pages that it then gives back to the file system. */
export const compactRowsMax = 512;
export const vacuumPagesMax = 512;

/** Pages of 4 KiB in the write-ahead log before it is written into the file: 8 MiB. SQLite's own: 1,000. */
export const checkpointPages = 2_000;

/** The log is cut to this size once it was larger. */
export const logBytesMax = 16 * 1024 * 1024;

/** SQLite's page cache, in KiB. */
export const pageCacheKibibytes = 16 * 1024;
