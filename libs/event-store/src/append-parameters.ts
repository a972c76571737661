import type { AppendAnswer, ClaimKey, CommandToAppend, EventToAppend, StreamAppend } from './append.ts';

/** Arrays of one table's columns, filled row by row. */
function columns(count: number): { readonly values: unknown[][]; add(...row: readonly unknown[]): void } {
  const values = Array.from({ length: count }, (): unknown[] => []);
  return {
    values,
    add: (...row) => row.forEach((value, at) => values[at]?.push(value)),
  };
}

/** Column arrays of everything that the statement takes, in the order of its parameters. */
class Arrays {
  readonly streams = columns(6);
  readonly commands = columns(7);
  readonly claims = columns(4);
  readonly answered = columns(2);
  readonly events = columns(8);

  addStream(n: number, stream: StreamAppend): void {
    const version = { at: stream.expectedVersion };
    let step = -1;
    for (const command of stream.commands) {
      if (command.events.length > 0) step += 1;
      for (const event of command.events) this.#addEvent(n, step, (version.at += 1), event);
      this.#addCommand(n, version.at, command);
    }
    this.#addClaims(n, stream);
    const { streamId, streamType, expectedVersion } = stream;
    this.streams.add(n, streamId, streamType, expectedVersion, version.at - expectedVersion, Math.max(step, 0));
  }

  #addEvent(n: number, step: number, version: number, event: EventToAppend): void {
    this.events.add(n, step, version, event.eventId, event.type, event.schemaVersion, event.data, event.metadata);
  }

  #addCommand(n: number, version: number, command: CommandToAppend): void {
    const { scope, commandId, fingerprint, kept, result = '{}' } = command;
    this.commands.add(n, scope, commandId, fingerprint, version, kept, result);
    if (command.notBefore !== undefined) this.answered.add(n, command.notBefore);
  }

  #addClaims(n: number, { streamId, commands }: StreamAppend): void {
    const once = new Map<string, ClaimKey>();
    for (const { claims = [] } of commands) for (const claim of claims) once.set(nameOf(claim), claim);
    for (const { kind, key } of once.values()) this.claims.add(n, kind, key, streamId);
  }
}

const nameOf = ({ kind, key }: ClaimKey): string => `${kind}\u0001${key}`;

function claimOf(name: string): ClaimKey {
  const at = name.indexOf('\u0001');
  return { kind: name.slice(0, at), key: name.slice(at + 1) };
}

export function appendParameters(streams: readonly StreamAppend[]): unknown[] {
  const arrays = new Arrays();
  streams.forEach((stream, n) => arrays.addStream(n, stream));
  const { commands, claims, answered, events } = arrays;
  return [arrays.streams, commands, claims, answered, events].flatMap(({ values }) => values);
}

export interface AppendRow {
  readonly done: readonly number[];
  readonly known: readonly number[];
  readonly claimed_streams: readonly number[];
  readonly claimed_names: readonly string[];
  readonly ahead: readonly number[];
}

/** The statement's one row, told apart by stream. `ahead` counts streams that answer a fact from a clock too far ahead. */
export function readAnswer(
  streams: readonly StreamAppend[],
  row: AppendRow,
): { answers: AppendAnswer[]; ahead: number } {
  const done = new Set(row.done);
  const known = new Set(row.known);
  const claimed = new Map<number, ClaimKey[]>();
  row.claimed_names.forEach((name, at) => {
    const n = row.claimed_streams[at] ?? -1;
    claimed.set(n, [...(claimed.get(n) ?? []), claimOf(name)]);
  });
  const answers = streams.map((_, n): AppendAnswer =>
    done.has(n) ? { appended: true } : { appended: false, knownCommand: known.has(n), claimed: claimed.get(n) ?? [] },
  );
  return { answers, ahead: row.ahead.length };
}
