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
  if (status === 'invalid') return { status, because: `${path.join('.') || code}: ${message}` };
  return undefined;
};

export const isRefused = (verdict: WireVerdict): boolean => refusalOf(verdict) !== undefined;

/** A row's verdict from those of its commands: what was refused first, then what was not believed, then what is new. */
export function outcomeOf(verdicts: readonly WireVerdict[]): Outcome {
  const refused = verdicts.map(refusalOf).find((outcome) => outcome !== undefined);
  if (refused) return refused;
  const doubted = verdicts.flatMap(({ facts = [] }) => facts.filter(({ type }) => type.endsWith('Quarantined')));
  if (doubted.length > 0) {
    const because = doubted.map(({ type, reason }) => `${type}${reason === undefined ? '' : `, ${reason}`}`).join('; ');
    return { status: 'quarantined', because };
  }
  const repeated = verdicts.every(({ status }) => status === 'repeated');
  return { status: repeated ? 'repeated' : 'imported', because: '' };
}
