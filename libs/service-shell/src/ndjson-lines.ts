/** What one request of newline-delimited JSON may hold. */
export const NDJSON_LIMITS = { lineBytes: 1_048_576, lines: 10_000, requestBytes: 32 * 1_048_576 };

export type NdjsonLimits = typeof NDJSON_LIMITS;

/** A line as it came; without bytes when it was too long to keep. `over`: the request's limit is reached, nothing follows. */
export interface NdjsonLine {
  /** 1 for the first. */
  readonly number: number;
  readonly bytes: Buffer | undefined;
  readonly over?: true;
}

const NEWLINE = 0x0a;

/** Collects one line; of one that is too long it keeps only that it was. */
class LineBuffer {
  readonly #limit: number;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  add(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > this.#limit) this.#parts = [];
    else this.#parts.push(part);
  }

  take(): Buffer | undefined {
    const line = this.#length > this.#limit ? undefined : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    return line;
  }
}

/**
 * The lines of a stream, read only as fast as they are taken. Memory: one line. A last line need not end with a newline.
 * Past the request's limits it yields one line marked `over` and ends.
 */
export async function* ndjsonLines(
  source: AsyncIterable<Buffer>,
  limits: NdjsonLimits = NDJSON_LIMITS,
): AsyncGenerator<NdjsonLine> {
  const line = new LineBuffer(limits.lineBytes);
  let number = 1;
  let received = 0;
  for await (const chunk of source) {
    received += chunk.length;
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      line.add(chunk.subarray(start, end));
      start = end + 1;
      if (number > limits.lines) return yield { number, bytes: undefined, over: true };
      yield { number, bytes: line.take() };
      number += 1;
    }
    line.add(chunk.subarray(start));
    if (received > limits.requestBytes) return yield { number, bytes: undefined, over: true };
  }
  if (!line.isEmpty)
    yield number > limits.lines ? { number, bytes: undefined, over: true } : { number, bytes: line.take() };
}
