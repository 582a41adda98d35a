// State and history of a file that is being opened, from its rows. May import src/store.
import { RevisionIndex } from "../../store/revision-index.ts";
import type { Change, Version } from "../../store/revision-index.ts";
import type { Row } from "./messages.ts";

const versionOf = (row: Row): Version<number> | undefined =>
  row.value && {
    key: row.key,
    modRevision: row.revision,
    createRevision: row.createRevision,
    expiresAtMs: row.expiresAtMs,
    slot: row.sequence,
  };

export class Loading {
  readonly index: RevisionIndex<number>;
  /** Rows that a compaction has not got to before the process ended. */
  readonly garbage: number[] = [];
  readonly sequence: number;
  readonly #revision: number;
  /** The changes of one revision, until the next begins. */
  #changes: Change<number>[] = [];

  constructor(revision: number, compactedRevision: number, sequence: number) {
    this.index = new RevisionIndex<number>(compactedRevision, compactedRevision);
    this.sequence = sequence;
    this.#revision = revision;
  }

  add(row: Row): void {
    const { key, revision } = row;
    const version = versionOf(row);
    if (revision <= this.index.compactedRevision) {
      const previous = this.index.get(key);
      if (previous) this.garbage.push(previous.slot);
      if (!version) this.garbage.push(row.sequence);
      this.index.restore(key, version);
      return;
    }
    if (this.#changes[0] !== undefined && this.#changes[0].revision !== revision) this.#apply();
    const previous = this.index.get(key);
    this.#changes.push({ revision, key, version, previous, deletion: version ? undefined : row.sequence });
  }

  finish(): void {
    this.#apply();
    this.index.advance(this.#revision);
  }

  #apply(): void {
    if (this.#changes.length > 0) this.index.apply(this.#changes[0]!.revision, this.#changes);
    this.#changes = [];
  }
}
