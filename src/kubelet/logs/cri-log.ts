// Lines of a container's log as the runtime writes them: TIME STREAM TAGS TEXT, where the tag P marks a line that goes
// on in the next one and F its end (CRI's log format; pkg/kubelet cri-client logs). Pure; imports nothing.

export interface LogLine {
  readonly timeMs: number;
  /** As it was written: "2026-01-02T03:04:05.123456789Z". */
  readonly time: string;
  readonly stream: "stdout" | "stderr";
  readonly partial: boolean;
  /** With the newline, where the line ends here. */
  readonly text: Uint8Array;
}

const space = 0x20;
const newline = 0x0a;
const decoder = new TextDecoder();

/** One line without its newline; undefined: it is not in the format. */
export function parseLogLine(line: Uint8Array): LogLine | undefined {
  const first = line.indexOf(space);
  const second = first < 0 ? -1 : line.indexOf(space, first + 1);
  if (second < 0) return undefined;
  const third = line.indexOf(space, second + 1);
  const time = decoder.decode(line.subarray(0, first));
  const timeMs = Date.parse(time);
  const stream = decoder.decode(line.subarray(first + 1, second));
  const tags = decoder.decode(line.subarray(second + 1, third < 0 ? line.length : third)).split(":");
  if (Number.isNaN(timeMs) || (stream !== "stdout" && stream !== "stderr")) return undefined;
  const partial = tags[0] === "P";
  const body = third < 0 ? new Uint8Array() : line.subarray(third + 1);
  if (partial) return { timeMs, time, stream, partial, text: body };
  const text = new Uint8Array(body.length + 1);
  text.set(body);
  text[body.length] = newline;
  return { timeMs, time, stream, partial, text };
}

/** Cuts a stream of bytes into lines without their newlines; what is left of the last one waits for more. */
export class LineSplitter {
  #rest = new Uint8Array();

  push(bytes: Uint8Array): Uint8Array[] {
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      lines.push(this.#with(bytes.subarray(start, end)));
      this.#rest = new Uint8Array();
      start = end + 1;
    }
    this.#rest = this.#with(bytes.subarray(start));
    return lines;
  }
  /** Bytes that no newline has ended yet. */
  get pendingBytes(): number {
    return this.#rest.length;
  }
  #with(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const joined = new Uint8Array(this.#rest.length + bytes.length);
    joined.set(this.#rest);
    joined.set(bytes, this.#rest.length);
    return joined;
  }
}
