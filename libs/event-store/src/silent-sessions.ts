import { performance } from 'node:perf_hooks';
import type pg from 'pg';

interface SessionRow {
  readonly pid: number;
  readonly sign: string;
}

/** Any other session of this name; what it asked last changes with each of its heartbeats. */
const SESSIONS = /* sql */ `
select pid, backend_start || ' ' || coalesce(state_change, query_start)::text as sign from pg_stat_activity
 where application_name = $1 and datname = current_database() and usename = current_user and pid <> pg_backend_pid()`;

export interface SilentSessions {
  /** Looks, and ends those that have given no sign for too long. Answers how many. */
  end(client: Pick<pg.ClientBase, 'query'>): Promise<number>;
}

/**
 * Ends sessions of one application name that are silent for `limitMs` by this process's monotonic clock. PostgreSQL does
 * the same by its own wall clock, which may have been set back meanwhile: the locks of a frozen process would stay for days.
 */
export function createSilentSessions(applicationName: string, limitMs: number): SilentSessions {
  let seen = new Map<string, number>();
  return {
    async end(client) {
      const { rows } = await client.query<SessionRow>(SESSIONS, [applicationName]);
      const now = performance.now();
      const known = new Map(rows.map(({ pid, sign }) => [`${pid} ${sign}`, pid]));
      seen = new Map([...known.keys()].map((key) => [key, seen.get(key) ?? now]));
      const silent = [...known].flatMap(([key, pid]) => (now - (seen.get(key) ?? now) > limitMs ? pid : []));
      if (silent.length > 0)
        await client.query('select pg_terminate_backend(pid) from unnest($1::int[]) as pid', [silent]);
      return silent.length;
    },
  };
}
