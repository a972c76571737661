import type { CommandOutcome, RecordedFact } from '@tongchou/event-store';
import type { RefusalPage } from './define-commands.ts';

/**
 * What became of a command. `accepted`: stored, `repeated`: it was before; `rejected`: the business says no; `invalid`: it
 * makes no sense; `retry`: waiting helps, send it again unchanged; `failed`: a fault here, outcome unknown until repeated.
 */
export type VerdictStatus = 'accepted' | 'repeated' | 'rejected' | 'invalid' | 'retry' | 'failed';

export interface Verdict {
  readonly status: VerdictStatus;
  readonly code?: string;
  readonly message?: string;
  /** The field of the input that is wrong, outermost first. */
  readonly path?: readonly string[];
  readonly detail?: object;
  readonly consistencyToken?: string;
  readonly streamId?: string;
  /** What the command recorded, when it was accepted just now. */
  readonly facts?: readonly RecordedFact[];
}

const MESSAGE_MAX = 500;

export const shortened = (text: string): string =>
  text.length > MESSAGE_MAX ? `${text.slice(0, MESSAGE_MAX)}…` : text;

export function invalid(message: string, path: readonly string[] = []): Verdict {
  return { status: 'invalid', code: 'BAD_USER_INPUT', message: shortened(message), ...(path.length > 0 && { path }) };
}

/** `{left}` in a page's sentence becomes the detail of that name. */
function filled(sentence: string, detail: object): string {
  const values = new Map<string, unknown>(Object.entries(detail));
  return sentence.replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
    values.has(name) ? String(values.get(name)) : whole,
  );
}

/** An outcome of the command handler as every door answers it. */
export function verdictOf(outcome: CommandOutcome, pages: Readonly<Record<string, RefusalPage>>): Verdict {
  const { streamId } = outcome;
  if (outcome.status !== 'rejected') {
    const { status, token: consistencyToken, facts } = outcome;
    return { status, consistencyToken, streamId, ...(facts && { facts }) };
  }
  const { rejected: code, detail, waitingHelps } = outcome.rejection;
  const page = pages[code];
  return {
    status: waitingHelps ? 'retry' : 'rejected',
    code,
    message: shortened(page ? filled(`${page.happened} ${page.remedy}`, detail) : code),
    ...(Object.keys(detail).length > 0 && { detail }),
    streamId,
  };
}
