import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { once } from 'node:events';
import path from 'node:path';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { type SourceFile } from './checked-rows.ts';
import { jsonLines } from './json-lines.ts';
import type { RowVerdict } from './row-verdict.ts';
import { sortBounded } from './sort-bounded.ts';

const BEGINS_A_FORMULA = /^[=+\-@\t\r]/;

/** A cell that a spreadsheet shows and never runs. */
export function csvCell(text: string): string {
  const harmless = BEGINS_A_FORMULA.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}

async function* asCsv(verdicts: AsyncIterable<RowVerdict>, files: readonly SourceFile[]): AsyncGenerator<string> {
  yield 'file,line,period,reference,verdict,because\r\n';
  for await (const { file, line, period, reference, status, because } of verdicts) {
    const name = path.basename(files[file]?.path ?? '');
    const cells = [name, String(line), period, reference, status, because];
    yield `${cells.map(csvCell).join(',')}\r\n`;
  }
}

/** Verdicts in the order in which they come, kept on disk; in the order of the lines at the end. */
export class Report {
  readonly #folder: string;
  readonly #spool: string;
  #stream: WriteStream | undefined;

  constructor(folder: string) {
    this.#folder = folder;
    this.#spool = path.join(folder, 'verdicts');
  }

  async open(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    this.#stream = createWriteStream(this.#spool, { mode: 0o600 });
  }

  add(verdict: RowVerdict): void {
    this.#stream?.write(`${JSON.stringify(verdict)}\n`);
  }

  /** Waits while more is waiting to be written than should be held. */
  async room(): Promise<void> {
    if (this.#stream?.writableNeedDrain) await once(this.#stream, 'drain');
  }

  /** Writes all verdicts so far as CSV, in the order of files and lines. */
  async write(target: string, files: readonly SourceFile[]): Promise<void> {
    if (!this.#stream) return;
    this.#stream.end();
    await finished(this.#stream);
    const inOrder = (a: RowVerdict, b: RowVerdict): number => a.file - b.file || a.line - b.line;
    const sorted = sortBounded(jsonLines<RowVerdict>(this.#spool), inOrder, path.join(this.#folder, 'report'));
    await pipeline(Readable.from(asCsv(sorted, files)), createWriteStream(target));
    await rm(this.#spool, { force: true });
  }
}
