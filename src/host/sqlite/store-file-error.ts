// What is wrong with a store's file, in one sentence that says what to do. Imports nothing.

/** The file can't be used as it is. */
export class StoreFileError extends Error {
  override name = "StoreFileError";
}

export const storeFileMessages = {
  damaged: (file: string, why: string): string =>
    `the store ${file} is damaged (${why}): restore it from a snapshot, or move the file away to start with an empty one`,
  unknown: (file: string, why: string): string =>
    `${file} is not a Proa store (${why}): name another file, or move this one away`,
  newer: (file: string, format: number, known: number): string =>
    `the store ${file} was written by a newer Proa (format ${format}, this one knows ${known}): start that version or a newer one`,
  busy: (file: string): string => `the store ${file} is in use by another process: stop that one first`,
  unusable: (file: string, why: string): string =>
    `the store ${file} can't be opened (${why}): check the path, its permissions and the disk`,
} as const;
