import type { Bus, OutgoingMessage } from '@tongchou/messaging';
import { setTimeout as pause } from 'node:timers/promises';
import type { Foreign } from '../flow-foreign.ts';
import type { Unruly } from '../flow-settings.ts';
import { between } from '../random.ts';

/** Long enough for a listener to meet the later one alone. */
const EARLY_BY_MS = 120;
const MOST_EARLY = 3;

export interface UnrulyParts {
  readonly bus: Bus;
  readonly foreign: Foreign;
  readonly random: () => number;
  readonly unruly: Unruly;
  readonly tell: (message: object) => void;
}

/** Each message and its copies: behind it at once, or behind all others. */
function repeated(messages: readonly OutgoingMessage[], random: () => number): OutgoingMessage[] {
  const later: OutgoingMessage[] = [];
  const now = messages.flatMap((message) => {
    const copies = between(random, 0, 3);
    if (copies === 2) later.push(message);
    return copies === 0 ? [message] : [message, message];
  });
  return [...now, ...later];
}

/** The last message of some streams that have several here: sent before the others, it leaves a gap. */
function lastOfSome(messages: readonly OutgoingMessage[]): OutgoingMessage[] {
  const streams = Map.groupBy(
    messages.filter(({ key }) => key !== null),
    ({ key }) => key,
  );
  return [...streams.values()].flatMap((all) => (all.length > 1 ? (all.at(-1) ?? []) : [])).slice(0, MOST_EARLY);
}

/**
 * The bus at its worst, for a relay: copies of later messages come early, every message comes up to three times. The relay
 * still publishes everything in order and with its checkpoint, so nothing can be lost by this.
 */
export function unrulyBus({ bus, foreign, random, unruly, tell }: UnrulyParts): Bus {
  return {
    ...bus,
    async publish(topic, messages, step) {
      const early = random() < unruly.early ? lastOfSome(messages) : [];
      if (early.length > 0) {
        await foreign.send(topic, early);
        await pause(EARLY_BY_MS);
      }
      const sent = unruly.repeats ? repeated(messages, random) : messages;
      const ends = await bus.publish(topic, sent, step);
      tell({ repeated: sent.length - messages.length, early: early.length });
      return ends;
    },
  };
}
