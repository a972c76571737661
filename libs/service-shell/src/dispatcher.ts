import type { Fact, Tagged } from '@tongchou/kernel';
import type { Logger } from 'pino';
import type { CommandDoor } from './command-door.ts';

/** A policy's command could not be decided now; sent again, it has the same id. */
export class NotDecided extends Error {
  override readonly name = 'NotDecided';
  readonly retryable = true;
}

/**
 * Runs the commands of policies as ordinary commands: in the name of whoever caused the fact, answering it. A refusal is an
 * answer: it is logged, and the policy goes on. Throws `NotDecided` when waiting helps, another error for a fault.
 */
export function dispatcher(door: CommandDoor, log: Pick<Logger, 'warn'>) {
  return async (
    command: Tagged,
    { commandId, fact }: { readonly commandId: string; readonly fact: Fact },
  ): Promise<void> => {
    const { correlationId, actor, traceparent, effectiveOn } = fact.metadata;
    const verdict = await door.runOwn(command, {
      scope: 'policy',
      commandId,
      actor,
      correlationId,
      causationId: fact.eventId,
      notBefore: fact.recordedAt,
      ...(traceparent !== undefined && { traceparent }),
      ...(effectiveOn !== undefined && { effectiveOn }),
    });
    const { status, code, message } = verdict;
    if (status === 'retry') throw new NotDecided(`${command.type}: ${code} ${message}`);
    if (status === 'failed') throw new Error(`${command.type}: ${message}`);
    if (status === 'rejected' || status === 'invalid') {
      log.warn({ command: command.type, commandId, eventId: fact.eventId, code }, 'a policy was refused');
    }
  };
}
