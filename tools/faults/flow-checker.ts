/** A fact by its place in its stream; `content` stands for all that it says, '' for an envelope without data. */
export interface PlacedFact {
  readonly stream: string;
  readonly version: number;
  readonly eventId: string;
  readonly content: string;
}

export interface Waiting {
  readonly stream: string | null;
  readonly version: number | null;
  readonly eventId: string | null;
  readonly reason: string;
}

/** What a stream has caused at whoever listens. */
export interface StreamEffect {
  readonly stream: string;
  readonly facts: number;
  readonly amount: number;
  readonly inverted: number;
}

export interface FlowEvidence {
  /** What was committed. */
  readonly source: readonly (PlacedFact & { readonly amount: number | null })[];
  /** What was stored by whoever listens, in the order in which its readers meet it. */
  readonly received: readonly PlacedFact[];
  readonly effects: readonly StreamEffect[];
  /** What waits now. */
  readonly waiting: readonly Waiting[];
  /** Ids of forged events that were sent under the place of a true one. */
  readonly forged: readonly string[];
  /** Ids of the forged events that were parked as such. */
  readonly parkedForgeries: readonly string[];
}

const placeOf = ({ stream, version }: Pick<PlacedFact, 'stream' | 'version'>): string => `${stream}/${version}`;

/** Committed events that never came, and what came without ever having been committed. */
function lostAndForeign({ source, received }: FlowEvidence): string[] {
  const true_ = new Map(source.map((fact) => [placeOf(fact), fact]));
  const came = new Set(received.map(placeOf));
  const missing = source.filter((fact) => !came.has(placeOf(fact))).map((fact) => `missing: ${placeOf(fact)}`);
  const foreign = received.flatMap((fact) => {
    const original = true_.get(placeOf(fact));
    if (!original) return [`foreign: ${placeOf(fact)} was never committed`];
    if (original.eventId !== fact.eventId) return [`foreign: ${placeOf(fact)} is another event`];
    return original.content === fact.content ? [] : [`foreign: ${placeOf(fact)} says something else`];
  });
  return [...missing, ...foreign];
}

/** Each stream as it was met: a version comes once, and right after the one before it. */
function doubledAndInverted({ received }: FlowEvidence): string[] {
  const last = new Map<string, number>();
  const seen = new Set<string>();
  return received.flatMap((fact) => {
    const before = last.get(fact.stream) ?? 0;
    last.set(fact.stream, Math.max(before, fact.version));
    if (seen.has(placeOf(fact))) return [`doubled: ${placeOf(fact)}`];
    seen.add(placeOf(fact));
    return fact.version === before + 1 ? [] : [`inverted: ${placeOf(fact)} came after version ${before}`];
  });
}

function wrongEffects({ source, effects }: FlowEvidence): string[] {
  const wanted = new Map<string, { facts: number; amount: number }>();
  for (const { stream, amount } of source) {
    if (amount === null) continue;
    const sum = wanted.get(stream) ?? { facts: 0, amount: 0 };
    wanted.set(stream, { facts: sum.facts + 1, amount: sum.amount + amount });
  }
  const had = new Map(effects.map((effect) => [effect.stream, effect]));
  const wrong = [...wanted].flatMap(([stream, { facts, amount }]) => {
    const effect = had.get(stream) ?? { facts: 0, amount: 0 };
    if (effect.facts === facts && effect.amount === amount) return [];
    const kind = effect.facts > facts ? 'doubled' : effect.facts < facts ? 'missing' : 'foreign';
    return [`${kind} effect: ${stream} counts ${effect.facts} facts of ${facts}, ${effect.amount} of ${amount}`];
  });
  const inverted = effects
    .filter((effect) => effect.inverted > 0)
    .map(({ stream, inverted: times }) => `inverted effect: ${stream}, ${times} times`);
  const strange = effects.filter(({ stream }) => !wanted.has(stream)).map(({ stream }) => `foreign effect: ${stream}`);
  return [...wrong, ...inverted, ...strange];
}

function wrongParking({ waiting, forged, parkedForgeries }: FlowEvidence): string[] {
  const known = new Set(forged);
  const parked = new Set(parkedForgeries);
  const left = waiting
    .filter(({ eventId }) => eventId === null || !known.has(eventId))
    .map(({ stream, version, reason }) => `still parked: ${stream ?? 'no stream'}/${version ?? '-'}, ${reason}`);
  const unnoticed = forged.filter((id) => !parked.has(id)).map((id) => `a forged event was not parked: ${id}`);
  return [...left, ...unnoticed];
}

/** What was broken between a store that publishes and one that listens, a line each; nothing = all held. */
export function judgeFlow(evidence: FlowEvidence): string[] {
  return [
    ...lostAndForeign(evidence),
    ...doubledAndInverted(evidence),
    ...wrongEffects(evidence),
    ...wrongParking(evidence),
  ];
}
