import { grantFor } from '@tongchou/access';
import { newEventId, uuidOf, type CommandHandler } from '@tongchou/event-store';
import type { Decider } from '@tongchou/kernel';
import { actorOf } from './actor-of.ts';
import type { GraphContext } from './graph-context.ts';

/** That somebody was shown what is masked for others. Private: it travels without data, and no read model has it. */
export interface FieldsDisclosed {
  readonly type: 'FieldsDisclosed';
  readonly field: string;
  readonly objectIds: readonly string[];
  readonly requestId: string;
  readonly role: string;
}

interface RecordDisclosure {
  readonly type: 'RecordDisclosure';
  readonly shown: readonly Omit<FieldsDisclosed, 'type'>[];
}

/** One stream a subject and day. */
export const disclosure: Decider<RecordDisclosure, FieldsDisclosed, Record<never, never>, never> = {
  streamType: 'Disclosure',
  foldVersion: 1,
  initial: {},
  evolve: (state) => state,
  decide: ({ shown }) => shown.map((one) => ({ type: 'FieldsDisclosed', ...one })),
};

export const isDisclosure = (eventType: string): boolean => eventType === 'FieldsDisclosed';

/** Records what an operation shows of masked fields: one fact, as there is one such field. */
export class Disclosures {
  readonly #handler: Pick<CommandHandler<RecordDisclosure, object>, 'handle'>;

  constructor(handler: Pick<CommandHandler<RecordDisclosure, object>, 'handle'>) {
    this.#handler = handler;
  }

  /** Resolves when it is stored. Rejects when it cannot be: then nothing of it may be shown. */
  async record({ disclosed, principal, scope, policy }: GraphContext): Promise<void> {
    const { requestId, traceparent } = scope;
    const shown = [...disclosed].map(([field, ids]) => {
      const grant = grantFor(principal, `field ${field}`, policy);
      if (!grant) throw new Error(`${field} was shown to somebody who may not see it`);
      return { field, objectIds: [...ids].toSorted(), requestId, role: grant.role };
    });
    const [first] = shown;
    if (!first) return;
    const day = new Date().toISOString().slice(0, 10);
    const command: RecordDisclosure = { type: 'RecordDisclosure', shown };
    await this.#handler.handle(uuidOf('Disclosure', principal.subject, day), command, {
      scope: 'disclosure',
      commandId: newEventId(),
      input: shown,
      actor: actorOf(principal, first),
      correlationId: requestId,
      traceparent,
    });
  }
}
