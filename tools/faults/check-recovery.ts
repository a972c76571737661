/** One command, or an answer of the naive service, while something was out of order. */
export interface Tried {
  /** When it was sent, in ms of the clock. */
  readonly at: number;
  readonly ms: number;
  readonly done: boolean;
}

export const STATEMENT_MS = 5_000;
export const AFTER_POSTGRES_MS = 10_000;
/** A member of a group is replaced after its session, and the rest takes this long at most. */
export const TAKEOVER_MS = 10_000 + 10_000;

/** A bus that is away or frozen blocks no command: some are done meanwhile, none takes longer than a statement may. */
export function checkUnblocked(during: string, tried: readonly Tried[]): string[] {
  const slowest = Math.max(0, ...tried.map(({ ms }) => ms));
  return [
    ...(tried.some(({ done }) => done) ? [] : [`${during}: not one command was done`]),
    ...(slowest > STATEMENT_MS ? [`${during}: a command took ${slowest} ms, not ${STATEMENT_MS}`] : []),
  ];
}

/** How long it took until a command was done again after `from`; undefined when none was. */
export function doneAfter(from: number, tried: readonly Tried[]): number | undefined {
  const ends = tried.filter(({ at, done }) => done && at >= from).map(({ at, ms }) => at + ms - from);
  return ends.length > 0 ? Math.min(...ends) : undefined;
}

/** What took longer than it may; `took` undefined means that it never came back. */
export function checkWithin(what: string, took: number | undefined, limitMs: number): string[] {
  if (took === undefined) return [`${what}: it never came back`];
  return took > limitMs ? [`${what}: it took ${Math.round(took)} ms, not ${limitMs}`] : [];
}
