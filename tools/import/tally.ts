import type { WireVerdict } from './door-lane.ts';
import type { RowStatus, RowVerdict } from './row-verdict.ts';

const SHOWN_ROWS = 20;
const COUNTED_REFERENCES = 200_000;

/** Counts of an import while it runs, within bounds. */
export class Tally {
  readonly rows = new Map<RowStatus, number>();
  /** Facts that this run recorded, by kind. */
  readonly facts = new Map<string, number>();
  readonly commands = new Map<WireVerdict['status'], number>();
  /** The first rows that a person should look at. */
  readonly notable: RowVerdict[] = [];
  readonly #references = new Set<string>();
  #read = 0;

  met(reference: string): void {
    this.#read += 1;
    if (this.#references.size < COUNTED_REFERENCES) this.#references.add(reference);
  }

  row(verdict: RowVerdict): void {
    add(this.rows, verdict.status);
    const notable = verdict.status === 'invalid' || verdict.status === 'rejected' || verdict.status === 'quarantined';
    if (notable && this.notable.length < SHOWN_ROWS) this.notable.push(verdict);
  }

  command(verdict: WireVerdict): void {
    add(this.commands, verdict.status);
    if (verdict.status !== 'accepted') return;
    for (const { type } of verdict.facts ?? []) add(this.facts, type);
  }

  count(...statuses: readonly RowStatus[]): number {
    return statuses.reduce((sum, status) => sum + (this.rows.get(status) ?? 0), 0);
  }

  /** Rows that had their verdict. */
  get settled(): number {
    return [...this.rows.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Rows that could be sent. */
  get sendable(): number {
    return this.#read;
  }

  /** Different references; `undefined` above what is counted. */
  get references(): number | undefined {
    return this.#references.size < COUNTED_REFERENCES ? this.#references.size : undefined;
  }
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
