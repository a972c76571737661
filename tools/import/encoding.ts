import { createReadStream } from 'node:fs';
import { Problem } from '../state/problem.ts';

export type Encoding = 'utf-8' | 'gb18030';

/** What the bytes of a file look like when they are taken for UTF-8. */
interface Look {
  /** Sequences that are not UTF-8. */
  readonly broken: number;
  /** Characters beyond ASCII that are. */
  readonly whole: number;
  /** The line with the first broken sequence. */
  readonly line: number;
}

const SAVE_AGAIN = 'Save the file as "CSV UTF-8" and import it again.';
const REPLACED = /\uFFFD/g;
const BEYOND_ASCII = /[\u0080-\uFFFC]/g;

const countOf = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

function refuseUtf16(file: string, start: Buffer): void {
  const mark = start.subarray(0, 2).toString('hex');
  // Without its mark, UTF-16 shows by the half of each letter that is zero.
  const halves = start.subarray(0, 2).includes(0);
  if (mark === 'fffe' || mark === 'feff' || halves) throw new Problem(`${file} is UTF-16.`, SAVE_AGAIN);
}

async function look(file: string): Promise<Look> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const seen = { broken: 0, whole: 0, line: 1 };
  let began = false;
  const take = (text: string): void => {
    const at = seen.broken === 0 ? text.search(REPLACED) : -1;
    if (seen.broken === 0) seen.line += countOf(at < 0 ? text : text.slice(0, at), /\n/g);
    seen.broken += countOf(text, REPLACED);
    seen.whole += countOf(text, BEYOND_ASCII);
  };
  for await (const chunk of createReadStream(file)) {
    const bytes = Buffer.from(chunk);
    if (!began) refuseUtf16(file, bytes);
    began = true;
    take(decoder.decode(bytes, { stream: true }));
  }
  take(decoder.decode());
  return seen;
}

async function isGb18030(file: string): Promise<boolean> {
  const decoder = new TextDecoder('gb18030', { fatal: true });
  try {
    for await (const chunk of createReadStream(file)) decoder.decode(Buffer.from(chunk), { stream: true });
    decoder.decode();
    return true;
  } catch {
    return false;
  }
}

/**
 * UTF-8, or GBK (as its superset GB18030) when most of what is not ASCII makes sense only so.
 *
 * @throws Problem when the file is neither, or UTF-8 with broken places: guessing would garble names for ever.
 */
export async function encodingOf(file: string): Promise<Encoding> {
  const { broken, whole, line } = await look(file);
  if (broken === 0) return 'utf-8';
  if (whole > broken) throw new Problem(`${file} is UTF-8, but broken from line ${line} on.`, SAVE_AGAIN);
  if (await isGb18030(file)) return 'gb18030';
  throw new Problem(`${file} is neither UTF-8 nor GBK: line ${line} is not text in either.`, SAVE_AGAIN);
}

/** The file's text in pieces, without a byte order mark. */
export async function* textOf(file: string, encoding: Encoding): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of createReadStream(file)) yield decoder.decode(Buffer.from(chunk), { stream: true });
  yield decoder.decode();
}
