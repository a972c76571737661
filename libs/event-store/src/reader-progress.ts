import type pg from 'pg';
import { type Backlog, readBacklog } from './backlog.ts';
import { type Checkpoint, CHECKPOINT_COLUMNS, type CheckpointRow, toCheckpoint } from './checkpoints.ts';
import type { Cursor } from './difference.ts';

/** How far a read model or a policy is, whoever leads. */
export interface ReaderProgress extends Backlog {
  readonly kind: 'model' | 'policy';
  readonly name: string;
  readonly version: number;
  /** All transactions below this number have had their effect, or are known to be running. */
  readonly position: number;
  /** Changes when it moves, and only then. */
  readonly place: string;
  readonly stopped: string | undefined;
}

const placeOf = ({ base, paging }: Cursor): string => `${base.text} ${paging?.after ?? ''}`;

function progressOf({ reader, version, cursor, stopped }: Checkpoint, backlog: Backlog): ReaderProgress {
  const [kind, name] = reader.split(/\.(.*)/s);
  return {
    ...backlog,
    kind: kind === 'policy' ? 'policy' : 'model',
    name: name ?? '',
    version,
    position: Number(cursor.base.xmax),
    place: placeOf(cursor),
    stopped,
  };
}

/** Where serving read models and policies stand. Those that stand together, as live models do, are counted together. */
export async function readProgress(db: Pick<pg.Pool, 'query'>): Promise<readonly ReaderProgress[]> {
  const { rows } = await db.query<CheckpointRow>(
    `select ${CHECKPOINT_COLUMNS} from es.checkpoints where reader like 'model.%' or reader like 'policy.%'`,
  );
  const progress: ReaderProgress[] = [];
  for (const together of Map.groupBy(rows.map(toCheckpoint), ({ cursor }) => placeOf(cursor)).values()) {
    const [first] = together;
    if (!first) continue;
    const backlog = await readBacklog(db, first.cursor, ['events', 'received']);
    progress.push(...together.map((checkpoint) => progressOf(checkpoint, backlog)));
  }
  return progress;
}
