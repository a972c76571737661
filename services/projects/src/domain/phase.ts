/** The life of a work, from proposal to operation. `Other` is a reported phase without a counterpart here. */
export const PHASES = [
  'Reserved',
  'Screening',
  'Deferred',
  'Approved',
  'Designing',
  'Procuring',
  'Permitted',
  'UnderConstruction',
  'Suspended',
  'SubstantiallyComplete',
  'Accepted',
  'FinalAccounted',
  'HandedOver',
  'Operating',
  'Closed',
  'Cancelled',
  'Other',
] as const;

export type Phase = (typeof PHASES)[number];

/** What a register may report. Cancelling is a decision with a reason (P10), never a word in a report. */
export type ReportedPhase = Exclude<Phase, 'Cancelled'>;

/** The phase that a register's own word means. The register's profile maps it; what it cannot map is `Other`. */
export interface PhaseInWords {
  readonly word: string;
  readonly phase: ReportedPhase;
}

const REPORTED_ORDER: readonly Phase[] = [
  'Screening',
  'Designing',
  'Procuring',
  'UnderConstruction',
  'SubstantiallyComplete',
];

const FROM_ACCEPTANCE: readonly Phase[] = PHASES.slice(PHASES.indexOf('Accepted'), PHASES.indexOf('Cancelled'));

/** A step back between two of the five phases that registers report in order; legal for reported works, and flagged (P11). */
export function isBackward(from: Phase, to: Phase): boolean {
  const target = REPORTED_ORDER.indexOf(to);
  return target >= 0 && target < REPORTED_ORDER.indexOf(from);
}

export const isAccepted = (phase: Phase): boolean => FROM_ACCEPTANCE.includes(phase);
