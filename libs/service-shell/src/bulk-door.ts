import type { Principal } from '@tongchou/access';
import { readBulkLine } from './bulk-line.ts';
import type { AdmittedCommand, CommandDoor } from './command-door.ts';
import { NDJSON_LIMITS, ndjsonLines, type NdjsonLine, type NdjsonLimits } from './ndjson-lines.ts';
import { StreamLanes } from './stream-lanes.ts';
import { invalid, type Verdict } from './verdict.ts';
import { WorkWindow } from './work-window.ts';

/** Commands in flight of all requests of the process together. */
const WINDOW = { items: 512, bytes: 8 * 1_048_576 };

/** One request of the bulk door. */
export interface BulkRequest {
  readonly lines: AsyncIterable<Buffer>;
  /** Takes the verdict of a line; called in the order of the lines. Verdicts are small, so that a client may read at the end. */
  readonly answer: (verdict: Verdict & { readonly line: number }) => void;
  readonly principal: Principal;
  readonly correlationId: string;
  readonly traceparent?: string;
  /** Aborts when the client is gone: what has not begun is not decided. */
  readonly signal: AbortSignal;
}

/** Newline-delimited commands in, one verdict a line out, in order. */
export class BulkDoor {
  readonly #door: Pick<CommandDoor, 'admit'>;
  readonly #limits: NdjsonLimits;
  readonly #window = new WorkWindow(WINDOW);
  readonly #stopping = new AbortController();

  constructor(door: Pick<CommandDoor, 'admit'>, limits: NdjsonLimits = NDJSON_LIMITS) {
    this.#door = door;
    this.#limits = limits;
  }

  /** From now on nothing is decided that has not begun; it is answered `retry`. */
  stop(): void {
    this.#stopping.abort();
  }

  /** Answers a request to its end, or to its limits. Rejects when its lines cannot be read to the end. */
  async run(request: BulkRequest): Promise<void> {
    const signal = AbortSignal.any([request.signal, this.#stopping.signal]);
    const lanes = new StreamLanes(signal);
    let answered: Promise<void> = Promise.resolve();
    try {
      for await (const line of ndjsonLines(request.lines, this.#limits)) {
        const verdict = await this.#begin(line, lanes, request);
        answered = answered.then(async () => request.answer({ line: line.number, ...(await verdict.promise) }));
      }
    } finally {
      await answered;
    }
  }

  /** Waits for room, then starts the line's command; its verdict comes later. */
  async #begin(
    line: NdjsonLine,
    lanes: StreamLanes,
    request: BulkRequest,
  ): Promise<{ readonly promise: Promise<Verdict> }> {
    const read = this.#admit(line, request);
    if (!('run' in read)) return { promise: Promise.resolve(read) };
    const bytes = line.bytes?.length ?? 0;
    await this.#window.enter(bytes);
    return { promise: lanes.run(read).finally(() => this.#window.leave(bytes)) };
  }

  #admit(line: NdjsonLine, request: BulkRequest): AdmittedCommand | Verdict {
    if (line.over) return this.#over();
    if (!line.bytes)
      return { ...invalid(`A line takes at most ${this.#limits.lineBytes} bytes`), code: 'PAYLOAD_TOO_LARGE' };
    const read = readBulkLine(line.bytes);
    if ('status' in read) return read;
    const { command, ...rest } = read;
    const { principal, correlationId, traceparent } = request;
    return this.#door.admit(command, {
      idempotencyKey: rest.idempotencyKey,
      input: rest.input,
      ...(rest.expectedVersion !== undefined && { expectedVersion: rest.expectedVersion }),
      principal,
      correlationId,
      ...(traceparent !== undefined && { traceparent }),
    });
  }

  #over(): Verdict {
    const { lines, requestBytes } = this.#limits;
    const message = `This line and what follows were not read: a request takes at most ${lines} lines and ${requestBytes} bytes. Send the rest in another request.`;
    return { status: 'retry', code: 'PAYLOAD_TOO_LARGE', message };
  }
}
