import type { AdmittedCommand } from './command-door.ts';
import { pageOf } from './error-codes.ts';
import type { Verdict } from './verdict.ts';

interface Lane {
  tail: Promise<unknown>;
  /** A command of this stream has to be sent again: later ones must not overtake it. */
  blocked: boolean;
}

const { happened, remedy } = pageOf('UNDECIDED');

export const undecided = (streamId: string): Verdict => ({
  status: 'retry',
  code: 'UNDECIDED',
  message: `${happened} ${remedy}`,
  streamId,
});

/**
 * The order of one request: commands for one stream are decided one after the other, those of many streams at once. After
 * `retry` or `failed` every later command of that stream is answered `retry` undecided.
 */
export class StreamLanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #given: { readonly aborted: boolean };

  /** `signal`: once aborted, nothing that has not begun is decided. */
  constructor(signal: { readonly aborted: boolean }) {
    this.#given = signal;
  }

  run(command: AdmittedCommand): Promise<Verdict> {
    const lane = this.#lanes.get(command.streamId) ?? { tail: Promise.resolve(), blocked: false };
    this.#lanes.set(command.streamId, lane);
    const verdict = lane.tail.then(() => this.#next(lane, command));
    lane.tail = verdict;
    return verdict;
  }

  async #next(lane: Lane, command: AdmittedCommand): Promise<Verdict> {
    if (lane.blocked || this.#given.aborted) return undecided(command.streamId);
    const verdict = await command.run();
    lane.blocked = verdict.status === 'retry' || verdict.status === 'failed';
    return verdict;
  }
}
