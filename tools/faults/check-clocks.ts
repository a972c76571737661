export interface Place {
  readonly stream: string;
  readonly version: number;
}

export interface StoredAt extends Place {
  /** Microseconds, by the database's clock. */
  readonly recordedAt: bigint;
}

/** What wrong clocks did. */
export interface ClockEvidence {
  /** By stream and version. */
  readonly stored: readonly StoredAt[];
  /** What a reader got, in the order in which it got it. */
  readonly read: readonly Place[];
  /** Met tokens whose row was not there, and lags told of instants to come. */
  readonly lies: number;
  /** How long it took until another instance led, by a true clock. */
  readonly takeovers: readonly { readonly ms: number; readonly limitMs: number }[];
  /** Clocks that were days apart, and whether somebody said so. */
  readonly apart: readonly { readonly where: string; readonly said: boolean }[];
}

const MOST_TOLD = 5;

/** The first few, and how many there are besides. */
const few = (lines: readonly string[]): string[] =>
  lines.length <= MOST_TOLD ? [...lines] : [...lines.slice(0, MOST_TOLD), `and ${lines.length - MOST_TOLD} more`];

function backwards(stored: readonly StoredAt[]): string[] {
  return stored.flatMap((event, at) => {
    const before = stored[at - 1];
    if (before?.stream !== event.stream || before.recordedAt <= event.recordedAt) return [];
    return [`${event.stream}@${event.version} is recorded before version ${before.version}`];
  });
}

/** Each stream from version 1 on, one after the other, to the last that is stored. */
function outOfOrder({ stored, read }: Pick<ClockEvidence, 'stored' | 'read'>): string[] {
  const next = new Map<string, number>();
  const wrong: string[] = [];
  for (const { stream, version } of read) {
    const wanted = next.get(stream) ?? 1;
    if (version === wanted) next.set(stream, wanted + 1);
    else wrong.push(`${stream}@${version} was read where ${wanted} is next`);
  }
  const last = new Map(stored.map(({ stream, version }) => [stream, version]));
  const missing = [...last].flatMap(([stream, version]) => {
    const lacks = version + 1 - (next.get(stream) ?? 1);
    return lacks > 0 ? [`${lacks} events of ${stream} were not read in their order`] : [];
  });
  return [...few(wrong), ...few(missing)];
}

/** Versions are the order, instants go forward in a stream, tokens are true, leadership changes hands, and somebody says so. */
export function judgeClocks(evidence: ClockEvidence): string[] {
  return [
    ...few(backwards(evidence.stored)),
    ...outOfOrder(evidence),
    ...(evidence.lies > 0 ? [`${evidence.lies} answers were said to be fresher than they were`] : []),
    ...evidence.takeovers.flatMap(({ ms, limitMs }) =>
      ms <= limitMs ? [] : [`a frozen leader was replaced after ${ms} ms, more than ${limitMs} ms`],
    ),
    ...evidence.apart.flatMap(({ where, said }) => (said ? [] : [`nobody said that clocks are apart: ${where}`])),
  ];
}
