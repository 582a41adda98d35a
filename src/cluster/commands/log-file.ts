// The cluster's log: lines appended to a file that stays bounded, and that may fail without anybody's harm. May import node.
import { appendFileSync, renameSync, statSync } from "node:fs";

/** A file that has grown so far becomes FILE.1, in place of the one before: at most twice as much is kept. */
export const logFileBytesMax = 32 * 1024 * 1024;

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * What appends a line to the file. A line that can't be written (a full disk) is dropped: there is no place to tell it, and
 * a cluster must not end because of its log.
 */
export function openLogFile(file: string, bytesMax = logFileBytesMax): (line: string) => void {
  let sizeBytes = sizeOf(file);
  return (line) => {
    const text = `${line}\n`;
    try {
      if (sizeBytes > bytesMax) {
        renameSync(file, `${file}.1`);
        sizeBytes = 0;
      }
      appendFileSync(file, text);
      sizeBytes += Buffer.byteLength(text);
    } catch {
      // As above.
    }
  };
}
