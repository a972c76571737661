import path from 'node:path';
import type { IsoDate } from '@tongchou/kernel';
import { type CsvRecord, readCsv } from './csv-file.ts';
import type { Encoding } from './encoding.ts';
import { type CellFault, isFault, type Profile, type Row, type Understood } from './profile.ts';
import { faultText, type RowVerdict } from './row-verdict.ts';

/** More than one command's line may hold at the bulk door's limit of 1 MB, with room for JSON's own marks. */
const ROW_MOST_CHARACTERS = 250_000;

export interface SourceFile {
  readonly path: string;
  readonly encoding: Encoding;
}

function shapeFault({ cells, columns, characters }: CsvRecord): CellFault | undefined {
  if (cells !== columns) {
    return { column: 'row', value: `${cells} cells`, allowed: `${columns} cells, as in the first line` };
  }
  if (characters <= ROW_MOST_CHARACTERS) return undefined;
  return { column: 'row', value: `${characters} characters`, allowed: `at most ${ROW_MOST_CHARACTERS} characters` };
}

function readRow<Content>(record: CsvRecord, profile: Profile<Content>): Understood<Content> | CellFault {
  return shapeFault(record) ?? profile.read(record.cell);
}

/**
 * Reads the files row by row. Rows that can be sent are yielded; those that cannot, or are later than `until`, get their
 * verdict at once.
 *
 * @throws Problem for a file that cannot be read as a whole.
 */
export async function* checkedRows<Content>(
  files: readonly SourceFile[],
  profile: Profile<Content>,
  until: IsoDate | undefined,
  verdict: (verdict: RowVerdict) => void,
): AsyncGenerator<Row<Content>> {
  for (const [file, source] of files.entries()) {
    for await (const record of readCsv(source.path, profile.columns, source.encoding)) {
      const { line } = record;
      const read = readRow(record, profile);
      if (isFault(read))
        verdict({ file, line, reference: '', period: '', status: 'invalid', because: faultText(read) });
      else if (until === undefined || read.period <= until) yield { ...read, file, line };
      else {
        const { reference, period } = read;
        verdict({ file, line, reference, period, status: 'later', because: `after --until ${until}` });
      }
    }
  }
}

export const shownFile = (source: SourceFile): string => path.basename(source.path);
