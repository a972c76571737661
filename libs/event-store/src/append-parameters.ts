import type { AppendAnswer, ClaimKey, CommandToAppend, EventToAppend, StreamAppend } from './append.ts';
import { binaryArray } from './binary-array.ts';

interface StreamRow {
  readonly n: number;
  readonly stream: StreamAppend;
  readonly events: number;
  readonly steps: number;
}

interface CommandRow {
  readonly n: number;
  readonly version: number;
  readonly command: CommandToAppend;
}

interface EventRow {
  readonly n: number;
  /** How many commands of this stream have events before it: a microsecond each. */
  readonly step: number;
  readonly version: number;
  readonly event: EventToAppend;
}

interface ClaimRow extends ClaimKey {
  readonly n: number;
}

/** Everything that the statement takes, as rows; `n` counts the streams from 1. */
interface Rows {
  readonly streams: StreamRow[];
  readonly commands: CommandRow[];
  readonly events: EventRow[];
  readonly claims: ClaimRow[];
  readonly answered: { readonly n: number; readonly at: string }[];
}

const NOTHING = '{}';
const BETWEEN = '\u0001';

function addCommands(rows: Rows, n: number, stream: StreamAppend): void {
  let version = stream.expectedVersion;
  let step = -1;
  for (const command of stream.commands) {
    if (command.events.length > 0) step += 1;
    for (const event of command.events) rows.events.push({ n, step, version: (version += 1), event });
    rows.commands.push({ n, version, command });
    if (command.notBefore !== undefined) rows.answered.push({ n, at: command.notBefore });
  }
  rows.streams.push({ n, stream, events: version - stream.expectedVersion, steps: Math.max(step, 0) });
}

function addClaims(rows: Rows, n: number, { commands }: StreamAppend): void {
  const once = new Map<string, ClaimRow>();
  for (const { claims = [] } of commands)
    for (const { kind, key } of claims) once.set(kind + BETWEEN + key, { n, kind, key });
  rows.claims.push(...once.values());
}

const byText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** In the order in which every process locks, so that none waits for one that waits for it. */
function rowsOf(streams: readonly StreamAppend[]): Rows {
  const rows: Rows = { streams: [], commands: [], events: [], claims: [], answered: [] };
  streams.forEach((stream, at) => {
    addCommands(rows, at + 1, stream);
    addClaims(rows, at + 1, stream);
  });
  rows.commands.sort(({ command: a }, { command: b }) => byText(a.scope, b.scope) || byText(a.commandId, b.commandId));
  rows.claims.sort((a, b) => byText(a.kind, b.kind) || byText(a.key, b.key));
  return rows;
}

export const byStreamId = (a: StreamAppend, b: StreamAppend): number => byText(a.streamId, b.streamId);

const { int2, int4, int8, bool, uuid, bytea, text, jsonb } = binaryArray;

const plain = ({ streams, commands, events }: Rows): unknown[] => [
  uuid(streams.map(({ stream }) => stream.streamId)),
  text(streams.map(({ stream }) => stream.streamType)),
  int8(streams.map(({ stream }) => stream.expectedVersion)),
  int4(streams.map((row) => row.events)),
  int4(streams.map(({ steps }) => steps)),
  int4(commands.map(({ n }) => n)),
  text(commands.map(({ command }) => command.scope)),
  text(commands.map(({ command }) => command.commandId)),
  bytea(commands.map(({ command }) => command.fingerprint)),
  int8(commands.map(({ version }) => version)),
  jsonb(commands.map(({ command }) => command.result ?? NOTHING)),
  bool(commands.map(({ command }) => command.kept)),
  int4(events.map(({ n }) => n)),
  int4(events.map(({ step }) => step)),
  int8(events.map(({ version }) => version)),
  uuid(events.map(({ event }) => event.eventId)),
  text(events.map(({ event }) => event.type)),
  int2(events.map(({ event }) => event.schemaVersion)),
  jsonb(events.map(({ event }) => event.data)),
  jsonb(events.map(({ event }) => event.metadata)),
];

const guards = ({ claims, answered }: Rows): unknown[] => [
  int4(claims.map(({ n }) => n)),
  text(claims.map(({ kind }) => kind)),
  text(claims.map(({ key }) => key)),
  answered.map(({ n }) => n),
  answered.map(({ at }) => at),
];

/** The statement's parameters, of streams sorted by id. `guarded`: the batch claims names or answers facts, and needs the longer statement. */
export function appendParameters(streams: readonly StreamAppend[]): { values: unknown[]; guarded: boolean } {
  const rows = rowsOf(streams);
  const guarded = rows.claims.length > 0 || rows.answered.length > 0;
  return { values: guarded ? [...plain(rows), ...guards(rows)] : plain(rows), guarded };
}

export interface AppendRow {
  /** '1' for each stream that was taken, '0' for the others. */
  readonly done: string;
  readonly known: readonly number[];
  readonly claimed_streams?: readonly number[];
  readonly claimed_names?: readonly string[];
  readonly ahead?: readonly number[];
}

function claimOf(name: string): ClaimKey {
  const at = name.indexOf(BETWEEN);
  return { kind: name.slice(0, at), key: name.slice(at + 1) };
}

/** The statement's one row, told apart by stream. `ahead` counts streams that answer a fact from a clock too far ahead. */
export function readAnswer(
  streams: readonly StreamAppend[],
  { done, known, claimed_streams = [], claimed_names = [], ahead = [] }: AppendRow,
): { answers: AppendAnswer[]; ahead: number } {
  const knownCommand = new Set(known);
  const claimed = Map.groupBy(claimed_names.map(claimOf), (_, at) => claimed_streams[at]);
  const answers = streams.map((_, at): AppendAnswer =>
    done[at] === '1'
      ? { appended: true }
      : { appended: false, knownCommand: knownCommand.has(at + 1), claimed: claimed.get(at + 1) ?? [] },
  );
  return { answers, ahead: ahead.length };
}
