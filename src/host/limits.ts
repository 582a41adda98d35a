// The machine side's limits, each with its reason and upstream's value.

/** Streams a client may have open on one HTTP/2 connection. Upstream: 250 (net/http2's default in kube-apiserver: 100–250). */
export const http2StreamsMax = 250;
/** Megabytes that one HTTP/2 session may hold. Node's own 10 refuses new streams while a watch lies unread; ours are bounded
 * per stream by waiting for the write to drain. */
export const http2SessionMemoryMegabytes = 256;
/** Bytes of request headers. Upstream: 1 MiB (Go's default); ours is Node's usual 16 KiB times eight. */
export const headerBytesMax = 128 * 1024;
/** An answer of this size or more is compressed when the client accepts it. Upstream: 128 KiB. */
export const gzipBytesMin = 128 * 1024;
/** Connections idle for longer are closed. Upstream: 90 s for HTTP/1.1 keep-alive. */
export const keepAliveTimeoutMs = 90_000;
