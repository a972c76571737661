import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { Problem } from '../state/problem.ts';
import { type Encoding, textOf } from './encoding.ts';

/** A record of the file: its cells by the header's columns, or how many it has when that is not as many. */
export interface CsvRecord {
  /** The line on which it begins, from 1. */
  readonly line: number;
  readonly cell: (column: string) => string;
  readonly cells: number;
  readonly columns: number;
  readonly characters: number;
}

/** A record longer than this is a quote that was never closed, not a row. */
const RECORD_MOST_BYTES = 4_000_000;

interface Parsed {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

const SEPARATORS: readonly (readonly [mark: string, name: string])[] = [
  [';', 'semicolons'],
  ['\t', 'tabs'],
  ['|', 'bars'],
];

/** @throws Problem for a first line that is parted by something else than commas. */
function refuseOtherSeparator(file: string, header: readonly string[], needed: readonly string[]): void {
  const [line = ''] = header;
  const other = SEPARATORS.find(([mark]) => line.split(mark).some((name) => needed.includes(name.trim())));
  if (header.length > 1 || other === undefined || needed.includes(line.trim())) return;
  throw new Problem(
    `The cells of ${file} are parted by ${other[1]}, not by commas. Nothing of it was imported.`,
    'Save the file as "CSV UTF-8 (comma delimited)" and import it again.',
  );
}

/** Which place each column has. @throws Problem that names all that is missing or doubled. */
function placesOf(file: string, header: readonly string[], needed: readonly string[]): Map<string, number> {
  const names = header.map((name) => name.trim());
  const missing = needed.filter((name) => !names.includes(name));
  const doubled = [...new Set(names.filter((name, at) => name !== '' && names.indexOf(name) !== at))];
  const says = [
    ...(missing.length > 0 ? [`has no column ${missing.map((name) => `"${name}"`).join(', ')}`] : []),
    ...(doubled.length > 0 ? [`has the column ${doubled.map((name) => `"${name}"`).join(', ')} more than once`] : []),
  ];
  if (says.length > 0) {
    throw new Problem(
      `${file} ${says.join(' and ')}. Nothing of it was imported.`,
      `Its first line must name, each once, in any order: ${needed.join(', ')}.`,
    );
  }
  return new Map(names.map((name, place) => [name, place]));
}

const FAULTS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote opens and never closes',
  CSV_INVALID_CLOSING_QUOTE: 'text follows a closing quote',
  INVALID_OPENING_QUOTE: 'a quote stands inside a cell that is not quoted',
  CSV_MAX_RECORD_SIZE: `a row is longer than ${RECORD_MOST_BYTES} bytes, so a quote may open and never close`,
};

function explained(file: string, error: unknown): unknown {
  if (!(error instanceof CsvError)) return error;
  const { lines } = error;
  const fault = FAULTS[error.code] ?? error.message;
  return new Problem(
    `${file} is not readable as CSV: ${fault} (line ${String(lines)}). Nothing of it was imported.`,
    'Put a cell that holds commas, quotes or line breaks into quotes, and double each quote inside.',
  );
}

/**
 * The records of a CSV file behind its header, streamed. Quoted cells may span lines; blank lines are no rows.
 *
 * @throws Problem for the whole file: encoding, header or quotes that cannot be read.
 */
export async function* readCsv(file: string, needed: readonly string[], encoding: Encoding): AsyncGenerator<CsvRecord> {
  const parser = Readable.from(textOf(file, encoding)).pipe(
    parse({
      info: true,
      relax_column_count: true,
      max_record_size: RECORD_MOST_BYTES,
      record_delimiter: ['\r\n', '\n', '\r'],
    }),
  );
  let places: Map<string, number> | undefined;
  let columns = 0;
  let before = 0;
  try {
    for await (const parsed of parser) {
      const { record, info }: Parsed = parsed;
      const line = before + 1;
      before = info.lines;
      if (record.length === 1 && record[0] === '') continue;
      if (!places) {
        refuseOtherSeparator(file, record, needed);
        places = placesOf(file, record, needed);
        columns = record.length;
        continue;
      }
      const at = places;
      const characters = record.reduce((sum, cell) => sum + cell.length, 0);
      yield { line, cell: (column) => record[at.get(column) ?? -1] ?? '', cells: record.length, columns, characters };
    }
  } catch (error) {
    throw explained(file, error);
  }
  if (!places) throw new Problem(`${file} is empty.`, `Its first line must name: ${needed.join(', ')}.`);
}
