// The log as an argument: one line a message, with fields. Imports nothing.

export interface Log {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Something that an operator may want to act on; `fields.error` holds the cause where there is one. */
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** A log whose every line bears these fields too. */
  with(fields: Readonly<Record<string, unknown>>): Log;
}

export const silentLog: Log = { info() {}, error() {}, with: () => silentLog };
