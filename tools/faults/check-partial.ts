import type { Asked } from './city/questions.ts';

/** A question that was asked while a part was down. */
export interface Sample extends Asked {
  /** What was done to which part. */
  readonly during: string;
  /** Paths that must be there although the part is down, such as `project.name`. */
  readonly present: readonly string[];
  /** Whether the part that is down is needed for the rest: then its absence must be said by a code. */
  readonly needsIt: boolean;
}

export const P99_MS = 3_000;
const UNAVAILABLE = ['SUBGRAPH_UNAVAILABLE', 'SUBGRAPH_TIMEOUT'];
/** What no answer may show of the inside. */
const INTERNAL = /127\.0\.0\.1|localhost|\[::1\]|ECONN|:\d{4,5}\b(?!-)/;

function at(data: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => {
    if (typeof value !== 'object' || value === null) return undefined;
    return new Map<string, unknown>(Object.entries(value)).get(name);
  }, data);
}

function wrongWith({ data, errors, present, needsIt, text }: Sample): string[] {
  const strange = errors.filter(({ code }) => code === undefined || !UNAVAILABLE.includes(code));
  return [
    ...present.filter((path) => at(data, path) === undefined || at(data, path) === null).map((path) => `no ${path}`),
    ...(needsIt ? [] : errors.map(({ code }) => `an error (${code ?? 'no code'}) although the part is not needed`)),
    ...(needsIt ? strange.map(({ code, message }) => `an error with ${code ?? 'no code'}: ${message}`) : []),
    ...errors.filter(({ message }) => INTERNAL.test(message)).map(({ message }) => `an internal address: ${message}`),
    ...(errors.length > 0 && /ECONN|127\.0\.0\.1:\d/.test(text) ? ['the inside shows in the answer'] : []),
  ];
}

export const p99 = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.ceil(values.length * 0.99) - 1] ?? 0;

/** What was wrong with the answers while parts were down, each reason once a fault and with how often. */
export function checkPartial(samples: readonly Sample[]): string[] {
  const reasons = new Map<string, number>();
  for (const sample of samples) {
    for (const reason of wrongWith(sample)) {
      const said = `${sample.during}: ${reason}`;
      reasons.set(said, (reasons.get(said) ?? 0) + 1);
    }
  }
  const slow = [...Map.groupBy(samples, ({ during }) => during)].flatMap(([during, all]) => {
    const ms = p99(all.map((sample) => sample.ms));
    return ms > P99_MS ? [`${during}: p99 was ${ms} ms, not ${P99_MS}`] : [];
  });
  return [...[...reasons].map(([reason, times]) => `${reason} (${times} times)`), ...slow];
}
