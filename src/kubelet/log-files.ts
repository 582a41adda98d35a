// The log file port: containers' logs as the runtime writes them, in the CRI format. Imports nothing.

export interface LogFile {
  /** Identity: a rotated path gives another file. */
  readonly inode: string;
  sizeBytes(): Promise<number>;
  /** Up to `length` bytes from `offset`; fewer at the end, none past it. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface LogFiles {
  /** undefined: no such file. */
  open(path: string): Promise<LogFile | undefined>;
  sizeBytes(path: string): Promise<number | undefined>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Names in a folder; none where it does not exist. */
  list(path: string): Promise<readonly string[]>;
  /** Compresses the file to `to` (gzip) and removes it. */
  compress(path: string, to: string): Promise<void>;
  /** Calls back when the file grows or is replaced, until the signal is aborted. */
  watch(path: string, signal: AbortSignal, onChange: () => void): void;
}
