import type { WireVerdict } from './door-lane.ts';
import type { CellFault } from './profile.ts';

/** What became of a row. */
export type RowStatus = 'imported' | 'repeated' | 'quarantined' | 'rejected' | 'invalid' | 'ready' | 'later';

export interface RowVerdict {
  readonly file: number;
  readonly line: number;
  readonly reference: string;
  readonly period: string;
  readonly status: RowStatus;
  /** The reason, the code, or the cell with what it may hold. */
  readonly because: string;
}

export const faultText = ({ column, value, allowed }: CellFault): string =>
  `${column}: ${JSON.stringify(value)}; allowed: ${allowed}`;

type Outcome = Pick<RowVerdict, 'status' | 'because'>;

const refusalOf = (verdict: WireVerdict): Outcome | undefined => {
  const { status, code = '', message = '', path = [] } = verdict;
  if (status === 'rejected') return { status, because: `${code}: ${message}` };
  if (status === 'invalid') {
    const where = path.join('.') || code;
    return { status, because: message.startsWith(where) ? message : `${where}: ${message}` };
  }
  return undefined;
};

export const isRefused = (verdict: WireVerdict): boolean => refusalOf(verdict) !== undefined;

/** What of a row was not believed, and why. */
function doubtsOf(verdicts: readonly WireVerdict[]): string {
  const doubted = verdicts.flatMap(({ facts = [] }) => facts.filter(({ type }) => type.endsWith('Quarantined')));
  return doubted.map(({ type, reason }) => `${type}${reason === undefined ? '' : `, ${reason}`}`).join('; ');
}

/** A row's verdict from those of its commands: what was refused first, then whether anything of it is new. */
export function outcomeOf(verdicts: readonly WireVerdict[]): Outcome {
  const refused = verdicts.map(refusalOf).find((outcome) => outcome !== undefined);
  if (refused) return refused;
  const doubts = doubtsOf(verdicts);
  if (verdicts.every(({ status }) => status === 'repeated')) {
    return { status: 'repeated', because: doubts === '' ? '' : `quarantined before: ${doubts}` };
  }
  return doubts === '' ? { status: 'imported', because: '' } : { status: 'quarantined', because: doubts };
}
