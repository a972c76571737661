import type pg from 'pg';
import type { Wake } from './wake.ts';

/** What the read side needs to know of a service's database; a `Store` is one. */
export interface FactsDatabase {
  /** The service whose own events lie in `es.events`. */
  readonly service: string;
  readonly url: string;
  readonly pool: pg.Pool;
  readonly systemIdentifier: string;
  /** Tells readers, here and in other processes, that something was committed. */
  readonly wake: Wake;
}
