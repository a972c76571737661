/** A true fact, as far as poison concerns it. */
export interface SentFact {
  readonly stream: string;
  readonly version: number;
  readonly eventId: string;
}

export interface SentPoison {
  readonly kind: string;
  readonly eventId: string;
  /** Why it must wait; absent for one that is stored like any other. */
  readonly reason?: string;
}

export interface ParkedPoison {
  readonly eventId: string | null;
  readonly reason: string;
  readonly detail: string;
}

export interface PoisonEvidence {
  /** Facts in streams that no poison has touched. */
  readonly good: readonly SentFact[];
  readonly poison: readonly SentPoison[];
  /** Before anybody put anything right: stored event ids, and what was parked. */
  readonly stored: ReadonlySet<string>;
  readonly parked: readonly ParkedPoison[];
  /** Facts of poisoned streams: those that waited behind, and the repaired ones. */
  readonly healed: readonly SentFact[];
  /** After everything was put right: what is stored, in order, and how much still waits. */
  readonly storedAtLast: readonly SentFact[];
  readonly waiting: number;
  /** Messages of the topic that nobody has taken in hand. */
  readonly behind: number;
}

function undelivered({ good, stored }: PoisonEvidence): string[] {
  return good
    .filter(({ eventId }) => !stored.has(eventId))
    .map(({ stream, version }) => `not delivered: ${stream}/${version}, though nothing is wrong with it`);
}

function unparked({ poison, stored, parked }: PoisonEvidence): string[] {
  const found = new Map(parked.map((one) => [one.eventId, one]));
  return poison.flatMap(({ kind, eventId, reason }) => {
    const place = found.get(eventId);
    if (reason === undefined) return stored.has(eventId) ? [] : [`not stored: ${kind} ${eventId}`];
    if (!place) return [`not parked: ${kind} ${eventId}`];
    if (place.detail === '') return [`parked without a word: ${kind} ${eventId}`];
    return place.reason === reason ? [] : [`parked as ${place.reason}, not ${reason}: ${kind} ${eventId}`];
  });
}

function unhealed({ healed, storedAtLast, waiting }: PoisonEvidence): string[] {
  const stored = new Set(storedAtLast.map(({ eventId }) => eventId));
  const lost = healed
    .filter(({ eventId }) => !stored.has(eventId))
    .map(({ stream, version }) => `not delivered after the repair: ${stream}/${version}`);
  return waiting > 0 ? [...lost, `${waiting} messages still wait after the repair`] : lost;
}

function disordered({ storedAtLast }: PoisonEvidence): string[] {
  const last = new Map<string, number>();
  return storedAtLast.flatMap(({ stream, version }) => {
    const before = last.get(stream) ?? 0;
    last.set(stream, version);
    return version === before + 1 ? [] : [`${stream}/${version} was stored after version ${before}`];
  });
}

/** What poison has broken beside itself, a line each. */
export function judgePoison(evidence: PoisonEvidence): string[] {
  const { behind } = evidence;
  return [
    ...undelivered(evidence),
    ...unparked(evidence),
    ...unhealed(evidence),
    ...disordered(evidence),
    ...(behind > 0 ? [`${behind} messages were not taken in hand`] : []),
  ];
}
