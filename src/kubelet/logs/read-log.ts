// Reading a container's log with the options of `kubectl logs`: the last lines, since a time, with time stamps, up to a
// number of bytes, going on as it grows (k8s.io/cri-client/pkg/logs). Imports nothing but the ports.
import { logReadBytes, terminationLogBytesMax, terminationLogLinesMax } from "../limits.ts";
import type { LogFile, LogFiles } from "../log-files.ts";
import { LineSplitter, type LogLine, parseLogLine } from "./cri-log.ts";

export interface LogOptions {
  readonly follow: boolean;
  /** undefined: all. */
  readonly tailLines?: number;
  readonly sinceMs?: number;
  readonly timestamps: boolean;
  readonly limitBytes?: number;
  /** One stream only. */
  readonly stream?: "stdout" | "stderr";
}

const newline = 0x0a;

/** Where the last `lines` lines begin. */
async function tailOffset(file: LogFile, lines: number): Promise<number> {
  const size = await file.sizeBytes();
  if (lines <= 0) return size;
  let found = 0;
  let end = size;
  while (end > 0) {
    const start = Math.max(0, end - logReadBytes);
    const bytes = await file.read(start, end - start);
    for (let index = bytes.length - 1; index >= 0; index -= 1) {
      if (bytes[index] !== newline || start + index === size - 1) continue;
      found += 1;
      if (found === lines) return start + index + 1;
    }
    end = start;
  }
  return 0;
}

interface Limits {
  bytesLeft: number;
}

function render(line: LogLine, options: LogOptions, limits: Limits, continued: boolean): Uint8Array | undefined {
  if (options.stream && options.stream !== line.stream) return undefined;
  if (options.sinceMs !== undefined && line.timeMs < options.sinceMs) return undefined;
  const prefix = options.timestamps && !continued ? new TextEncoder().encode(`${line.time} `) : new Uint8Array();
  const whole = new Uint8Array(prefix.length + line.text.length);
  whole.set(prefix);
  whole.set(line.text, prefix.length);
  const cut = whole.subarray(0, Math.min(whole.length, limits.bytesLeft));
  limits.bytesLeft -= cut.length;
  return cut.length > 0 ? cut : undefined;
}

/** Resolves when the file has changed, or the signal is aborted. */
function change({ files, path, signal, onEnd }: LogSource): { next(): Promise<void> } {
  let changed = false;
  let resolve: (() => void) | undefined;
  const fire = (): void => {
    changed = true;
    resolve?.();
  };
  files.watch(path, signal, fire);
  onEnd?.(fire);
  signal.addEventListener("abort", fire, { once: true });
  return {
    next: () =>
      new Promise<void>((done) => {
        resolve = () => {
          changed = false;
          resolve = undefined;
          done();
        };
        if (changed || signal.aborted) resolve();
      }),
  };
}

export interface LogSource {
  readonly files: LogFiles;
  readonly path: string;
  readonly signal: AbortSignal;
  /** Whether the container still runs; one that has ended writes no more. */
  readonly isRunning: () => boolean;
  /** Resolves when the container's state changes. */
  readonly onEnd?: (wake: () => void) => void;
}

/** The log as pieces of bytes, a line or a part of one each. Ends with the file, or, followed, with the container. */
export async function* readLog(source: LogSource, options: LogOptions): AsyncGenerator<Uint8Array> {
  const { files, path, signal } = source;
  const limits: Limits = { bytesLeft: options.limitBytes ?? Number.POSITIVE_INFINITY };
  const changes = options.follow ? change(source) : undefined;
  let file = await files.open(path);
  let offset = file && options.tailLines !== undefined ? await tailOffset(file, options.tailLines) : 0;
  let lines = new LineSplitter();
  let continued = false;
  try {
    while (!signal.aborted && limits.bytesLeft > 0) {
      const running = source.isRunning();
      const bytes = file ? await file.read(offset, logReadBytes) : new Uint8Array();
      offset += bytes.length;
      for (const bare of lines.push(bytes)) {
        const line = parseLogLine(bare);
        const piece = line && render(line, options, limits, continued);
        if (line) continued = line.partial;
        if (piece) yield piece;
        if (limits.bytesLeft <= 0) return;
      }
      if (bytes.length > 0) continue;
      const latest = changes ? await files.open(path) : undefined;
      if (latest && latest.inode !== file?.inode) {
        // The log was rotated: the old file has been read to its end.
        await file?.close();
        file = latest;
        offset = 0;
        lines = new LineSplitter();
        continue;
      }
      await latest?.close();
      if (!changes || !running) return;
      await changes.next();
    }
  } finally {
    await file?.close();
  }
}

/** The end of a log as one text: what stands for a termination message. */
export async function tailText(files: LogFiles, path: string): Promise<string> {
  const controller = new AbortController();
  const source = { files, path, signal: controller.signal, isRunning: () => false };
  let text = "";
  const options = { follow: false, tailLines: terminationLogLinesMax, timestamps: false };
  for await (const piece of readLog(source, options)) text += new TextDecoder().decode(piece);
  return text.slice(-terminationLogBytesMax);
}
