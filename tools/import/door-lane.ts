import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Door } from '../state/door.ts';
import { Problem, reasonOf } from '../state/problem.ts';
import type { ServiceName } from '../state/run-file.ts';
import type { ImportCommand } from './profile.ts';

/** What the bulk door answers to one line. */
const wireVerdict = z.object({
  line: z.number().int(),
  status: z.enum(['accepted', 'repeated', 'rejected', 'invalid', 'retry', 'failed']),
  code: z.string().optional(),
  message: z.string().optional(),
  path: z.array(z.string()).optional(),
  consistencyToken: z.string().optional(),
  facts: z.array(z.object({ type: z.string(), reason: z.string().optional() })).optional(),
});
export type WireVerdict = z.infer<typeof wireVerdict>;

const BATCH_LINES = 1_000;
const BATCH_BYTES = 4_000_000;
/** A request in which the service says nothing for this long is given up and sent again. */
const SILENCE_MS = 30_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

interface Waiting {
  readonly line: string;
  settled(verdict: WireVerdict): void;
}

export interface LaneOptions {
  readonly service: ServiceName;
  readonly authorization: Door['authorization'];
  /** The gateway to send to after so many rounds in a row that settled nothing: another each time. `undefined` while none runs. */
  gateway(failures: number): Promise<string | undefined>;
  /** Without any verdict for this long, the lane gives up. */
  readonly patienceMs: number;
}

/** Told when a lane gives up: what the service said last, and how much is left. */
export class NoProgress extends Error {
  readonly service: ServiceName;
  readonly left: number;

  constructor(service: ServiceName, left: number, last: string) {
    super(last);
    this.service = service;
    this.left = left;
  }
}

/**
 * The way to one service's bulk door: one request at a time, so that no stream ever has two under way. What is answered
 * `retry` or `failed`, or not at all, is sent again in order with growing pauses.
 */
export class DoorLane {
  readonly #of: LaneOptions;
  #queue: Waiting[] = [];
  #wake: () => void = () => undefined;
  #closed = false;
  /** Rounds in a row that settled nothing. */
  #failures = 0;
  #progressAt = Date.now();
  #last = 'it has not answered yet';

  constructor(options: LaneOptions) {
    this.#of = options;
  }

  /** Queues a command behind all that were queued before. `settled` is called once, in the order of each stream. */
  push({ command, idempotencyKey, input }: ImportCommand, settled: Waiting['settled']): void {
    if (this.#queue.length === 0) this.#progressAt = Date.now();
    this.#queue.push({ line: JSON.stringify({ command, idempotencyKey, input }), settled });
    this.#wake();
  }

  /** Nothing more will be queued. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** Drops what is queued: another lane has given up, and the import with it. */
  abandon(): void {
    this.#queue = [];
    this.close();
  }

  /** Sends until it is closed and empty. @throws NoProgress; Problem when the door refuses requests as such. */
  async run(): Promise<void> {
    let waitMs = FIRST_PAUSE_MS;
    while (!this.#closed || this.#queue.length > 0) {
      if (this.#queue.length === 0) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      const settled = await this.#round();
      this.#failures = settled > 0 ? 0 : this.#failures + 1;
      if (settled > 0) {
        this.#progressAt = Date.now();
        waitMs = FIRST_PAUSE_MS;
        continue;
      }
      if (Date.now() - this.#progressAt > this.#of.patienceMs) {
        throw new NoProgress(this.#of.service, this.#queue.length, this.#last);
      }
      await pause(waitMs);
      waitMs = Math.min(waitMs * 2, LONGEST_PAUSE_MS);
    }
  }

  /** One request with what stands first; answers how many commands it settled. */
  async #round(): Promise<number> {
    const batch = this.#take();
    const left = new Set(batch);
    try {
      const url = await this.#of.gateway(this.#failures);
      if (url === undefined) this.#last = 'no gateway runs';
      else await this.#post(url, batch, left);
    } catch (error) {
      if (error instanceof Problem) throw error;
      this.#last = reasonOf(error);
    }
    this.#queue = [...batch.filter((waiting) => left.has(waiting)), ...this.#queue];
    return batch.length - left.size;
  }

  #take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { line } of this.#queue) {
      bytes += line.length;
      if (count === BATCH_LINES || (count > 0 && bytes > BATCH_BYTES)) break;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  async #post(url: string, batch: readonly Waiting[], left: Set<Waiting>): Promise<void> {
    // An issuer that is away for a while is waited for, as a service is.
    const authorization = await this.#of.authorization().catch((error: unknown) => {
      throw new Error(reasonOf(error));
    });
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(new Error(`it was silent for ${SILENCE_MS / 1000} s`)), SILENCE_MS);
    try {
      const answer = await fetch(`${url}/v1/${this.#of.service}/commands`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson', authorization },
        body: batch.map(({ line }) => `${line}\n`).join(''),
        signal: silence.signal,
      });
      await this.#refuseUnlessOk(answer);
      for await (const verdict of verdictsOf(answer)) {
        timer.refresh();
        this.#settle(verdict, batch, left);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async #refuseUnlessOk(answer: Response): Promise<void> {
    if (answer.ok) return;
    const text = (await answer.text()).slice(0, 300);
    if (answer.status >= 500 || answer.status === 429) throw new Error(`it answered ${answer.status}: ${text}`);
    throw new Problem(
      `The bulk door of ${this.#of.service} refused the request (${answer.status}): ${text}`,
      answer.status === 401 || answer.status === 403
        ? 'Give a token of an integrator that has not ended (--token TOKEN), and start it again: what is in counts as repeated.'
        : 'Importer and service may be of two versions: build and start again.',
    );
  }

  #settle(verdict: WireVerdict, batch: readonly Waiting[], left: Set<Waiting>): void {
    const waiting = batch[verdict.line - 1];
    if (!waiting || !left.has(waiting)) return;
    if (verdict.status === 'retry' || verdict.status === 'failed') {
      this.#last = `it answered ${verdict.status} ${verdict.code ?? ''}: ${verdict.message ?? ''}`;
      return;
    }
    left.delete(waiting);
    waiting.settled(verdict);
  }
}

async function* verdictsOf(answer: Response): AsyncGenerator<WireVerdict> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of answer.body ?? []) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield wireVerdict.parse(JSON.parse(line));
  }
  if (rest.trim() !== '') yield wireVerdict.parse(JSON.parse(rest));
}
