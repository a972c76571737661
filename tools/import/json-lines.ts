import { createReadStream } from 'node:fs';

const CHUNK_BYTES = 65_536;

/** Items of a file that holds one JSON value a line, as this program wrote it; holds no more than a piece of the file. */
export async function* jsonLines<Item>(file: string): AsyncGenerator<Item> {
  let rest = '';
  for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: CHUNK_BYTES })) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    // The type is what this program wrote into the file.
    for (const line of lines) yield JSON.parse(line) as Item;
  }
}
