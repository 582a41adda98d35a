// The store's limits: each with its unit, its reason and upstream's value. Imports nothing.

/** How long an engine keeps history. Upstream: kube-apiserver compacts etcd every 5 minutes (--etcd-compaction-interval). */
export const historyKeptMs = 5 * 60_000;

/** How exactly that age is kept: one mark of (time, revision) per interval. Upstream: the interval itself, 5 minutes. */
export const historyMarkIntervalMs = 30_000;

/** History of the memory engine, in bytes of values that only it still holds. Upstream: etcd's quota, 2 GiB. */
export const memoryHistoryBytesMax = 64 * 1024 * 1024;

/**
 * Changes that the SQLite engine remembers (their keys and numbers, some 100 bytes each); past it, history is compacted
 * before its time, so that a write storm can't fill the heap. Upstream: none, etcd keeps all until it is compacted.
 */
export const engineHistoryChangesMax = 300_000;

/** Expired keys that are deleted in one transaction. Upstream: etcd revokes 1,000 leases a second, one transaction each. */
export const expiredKeysPerTransactionMax = 500;

/** How long the store waits before it tries again to delete what has expired. Upstream: etcd looks twice a second. */
export const expiryRetryMs = 1_000;

/** The longest single timer; engines of JavaScript count in 31 bits. */
export const timerDelayMsMax = 2_000_000_000;

/** Changes that a watch which catches up is given at a time, so that no step holds the loop. Upstream: etcd, 1,000. */
export const catchUpChangesMax = 256;

/** The watch caches' window of past events, in bytes over all caches. Upstream: per resource, 100 to 102,400 events. */
export const watchWindowBytesMax = 64 * 1024 * 1024;

/** Parsed objects that are remembered, counted by the bytes of their JSON (in the heap they are some 3 times that). */
export const parsedObjectBytesMax = 16 * 1024 * 1024;

/** Encoded watch events that are kept to be shared between watchers, in bytes over all caches. */
export const encodedEventBytesMax = 8 * 1024 * 1024;

/** Objects that a cache asks the store for at a time while it loads. Upstream: a reflector's page, 10,000. */
export const loadPageObjects = 500;

/** How long a cache waits before it loads again after its watch has ended. Upstream: the reflector's backoff, 0.8 s. */
export const reloadDelayMs = 800;

/** Events that a watcher is given by one next(), and the bytes that end such a batch. Upstream: one event at a time. */
export const watchBatchEventsMax = 256;
export const watchBatchBytesMax = 1024 * 1024;

/** Watchers that are woken in one step of the loop. */
export const wakeSliceWatchers = 200;

/** How often a watcher that asked for them gets a bookmark. Upstream: defaultBookmarkFrequency, 1 minute. */
export const bookmarkIntervalMs = 60_000;

/** How long before its end a watch with a time limit gets its last bookmark. Upstream: 2 seconds before the deadline. */
export const bookmarkBeforeEndMs = 2_000;

/** A watcher that begins before the cache's window reads from the engine; it may hold this much, then it is ended. */
export const catchUpBytesMax = 16 * 1024 * 1024;
