import { isUuid } from '@tongchou/kernel';
import type { Pool } from 'pg';
import type { JudgedMessage } from './effect.ts';
import { ORIGIN_HEADER } from './relay-messages.ts';

/** The first is known for ever: facts of two stores under one name would be two histories of one thing. */
async function settle(pool: Pool, source: string, heard: string): Promise<string> {
  await pool.query('insert into es.origins (source, origin) values ($1, $2) on conflict do nothing', [source, heard]);
  const { rows } = await pool.query<{ origin: string }>('select origin from es.origins where source = $1', [source]);
  return rows[0]?.origin ?? heard;
}

/** Which store each source's facts are taken from: the one that was heard first. */
export class Origins {
  private readonly pool: Pool;
  private readonly known = new Map<string, string>();

  constructor(pool: Pool) {
    this.pool = pool;
  }

  /** The other store that speaks in these messages of one generation, if one does. What names no store proves nothing. */
  async stranger(source: string, messages: readonly JudgedMessage[]): Promise<string | undefined> {
    const heard = messages
      .filter(({ judged }) => judged.kind !== 'fault')
      .map(({ message }) => message.headers[ORIGIN_HEADER])
      .find((origin) => origin !== undefined && isUuid(origin));
    if (heard === undefined) return undefined;
    const known = this.known.get(source) ?? (await settle(this.pool, source, heard));
    this.known.set(source, known);
    return heard === known ? undefined : heard;
  }
}
