import type pg from 'pg';
import { type Checkpoint, CHECKPOINT_COLUMNS, type CheckpointRow, toCheckpoint } from './checkpoints.ts';
import { hasDifference } from './difference.ts';
import { compareSnapshots, parseSnapshot, type Snapshot } from './snapshot.ts';

/** Up to when answers hold everything of one service. */
export interface Freshness {
  readonly source: string;
  /** RFC 3339; every fact that the source had recorded and made known by then is in; `null` while nobody can tell. */
  readonly closedInstant: string | null;
  readonly lagMs: number | null;
}

type Db = Pick<pg.Pool, 'query'>;

/** The checkpoints of the serving tables, by the model's name. */
export async function servingCheckpoints(db: Db): Promise<ReadonlyMap<string, Checkpoint>> {
  const { rows } = await db.query<CheckpointRow>({
    name: 'es serving models',
    text: `select ${CHECKPOINT_COLUMNS} from es.checkpoints where reader like 'model.%'`,
  });
  return new Map(rows.map((row) => [row.reader.slice('model.'.length), toCheckpoint(row)]));
}

interface Moment {
  readonly at: string;
  readonly snapshot: Snapshot;
}

/** The clock before the snapshot: without parameters the statement's time is that of its arrival. */
async function now(db: Db): Promise<Moment> {
  const { rows } = await db.query<{ at: string; snapshot: string }>(
    `select to_char(statement_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
       pg_current_snapshot()::text as snapshot`,
  );
  return { at: rows[0]?.at ?? '', snapshot: parseSnapshot(rows[0]?.snapshot ?? '') };
}

const earliest = (instants: readonly (string | undefined)[]): string | undefined =>
  instants.includes(undefined) ? undefined : instants.toSorted()[0];

/** Clocks of two servers differ a little. */
const AHEAD_MS = 5_000;

function freshnessOf(source: string, closedInstant: string | undefined, at: string): Freshness {
  if (closedInstant === undefined) return { source, closedInstant: null, lagMs: null };
  const lagMs = Date.parse(at) - Date.parse(closedInstant);
  // An instant to come was closed by a clock that was wrong: it says nothing of how fresh this is.
  return { source, closedInstant, lagMs: lagMs < -AHEAD_MS ? null : Math.max(0, lagMs) };
}

/** The own service's: everything up to now when nothing waits to be folded, else what was closed at the last effect. */
async function ownInstant(
  db: Db,
  service: string,
  tables: readonly Checkpoint[],
  moment: Moment,
): Promise<string | undefined> {
  const [last] = tables.toSorted((a, b) => compareSnapshots(a.cursor.base, b.cursor.base));
  if (!last) return undefined;
  const waiting = await hasDifference(db, last.cursor.base, moment.snapshot, ['events']);
  return waiting ? earliest(tables.map(({ watermarks }) => watermarks[service])) : moment.at;
}

/**
 * Per source, up to when the asked tables (all when none are named) are complete. Read from what was folded, never from what
 * was merely received.
 */
export async function readFreshness(db: Db, service: string, models: readonly string[] = []): Promise<Freshness[]> {
  const moment = await now(db);
  const serving = await servingCheckpoints(db);
  const asked = [...serving].filter(([name]) => models.length === 0 || models.includes(name)).map(([, each]) => each);
  const foreign = new Set(asked.flatMap(({ watermarks }) => Object.keys(watermarks)));
  foreign.delete(service);
  const own = freshnessOf(service, await ownInstant(db, service, asked, moment), moment.at);
  const others = [...foreign].toSorted().map((source) => {
    const instants = asked.map(({ watermarks }) => watermarks[source]);
    return freshnessOf(source, earliest(instants), moment.at);
  });
  return [own, ...others];
}
