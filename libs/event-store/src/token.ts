/** One stream's version that an answer must include. */
export interface TokenEntry {
  readonly service: string;
  /** PostgreSQL's system identifier of the service's store, where it is known: tells a restored or replaced store. */
  readonly system?: string;
  readonly streamType: string;
  readonly streamId: string;
  readonly version: number;
}

/** The token cannot be read, or speaks of another store. The message says which part and what to do. */
export class BadToken extends Error {
  readonly code = 'BAD_TOKEN';
  readonly retryable = false;

  constructor(message: string) {
    super(message);
    this.name = 'BadToken';
  }
}

export const MOST_TOKEN_ENTRIES = 20;

const ENTRY =
  /^(?<service>[a-z][a-z0-9-]{0,30})(?:\/(?<system>\d{1,20}))?:(?<streamType>[A-Za-z][A-Za-z0-9]{0,60}):(?<streamId>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@(?<version>[1-9]\d{0,14})$/;

function parseEntry(text: string): TokenEntry {
  const { service, system, streamType, streamId, version } = ENTRY.exec(text)?.groups ?? {};
  if (service === undefined || streamType === undefined || streamId === undefined) {
    const shown = text.length > 80 ? `${text.slice(0, 80)}...` : text;
    throw new BadToken(`Not an entry of a consistency token, service:streamType:stream@version: ${shown}`);
  }
  return { service, ...(system === undefined ? {} : { system }), streamType, streamId, version: Number(version) };
}

const keyOf = (entry: TokenEntry): string =>
  `${entry.service}/${entry.system ?? ''}:${entry.streamType}:${entry.streamId}`;

/**
 * The one text form of a token: `service/system:streamType:stream@version`, entries separated by commas, in alphabetical
 * order; `/system` may be missing. Of several entries of one stream the highest version counts.
 *
 * @throws BadToken for more than 20 entries.
 */
export function formatToken(entries: readonly TokenEntry[]): string {
  const highest = new Map<string, TokenEntry>();
  for (const entry of entries) {
    const known = highest.get(keyOf(entry));
    if (known === undefined || known.version < entry.version) highest.set(keyOf(entry), entry);
  }
  if (highest.size > MOST_TOKEN_ENTRIES)
    throw new BadToken(
      `A consistency token names at most ${MOST_TOKEN_ENTRIES} streams, these are ${highest.size}: send the latest ones.`,
    );
  return [...highest.values()]
    .map(({ service, system, streamType, streamId, version }) => {
      const store = system === undefined ? service : `${service}/${system}`;
      return `${store}:${streamType}:${streamId}@${version}`;
    })
    .sort()
    .join(',');
}

/**
 * Reads a token; spaces around entries do no harm.
 *
 * @throws BadToken when it cannot be read or names more than 20 streams.
 */
export function parseToken(text: string): TokenEntry[] {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length > 10 * MOST_TOKEN_ENTRIES) throw new BadToken(`A consistency token of ${parts.length} entries.`);
  const entries = parts.map(parseEntry);
  formatToken(entries);
  return entries;
}

/**
 * The token that asks for all that these ask for.
 *
 * @throws BadToken when one cannot be read, or together they name more than 20 streams.
 */
export function mergeTokens(tokens: readonly (string | undefined)[]): string {
  return formatToken(tokens.flatMap((token) => (token === undefined ? [] : parseToken(token))));
}
