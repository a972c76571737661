import { oldCommands, replacedTables, startRetention, type Retention, type Store } from '@tongchou/event-store';
import { releasedParked } from '@tongchou/messaging';
import type { ServiceConfig } from './service-settings.ts';

const DAY_MS = 86_400_000;

export type RetentionConfig = Pick<ServiceConfig, 'commandsRetentionDays' | 'parkedRetentionDays'>;

/** Removes what a service keeps for a while only: command keys, parked messages that are settled, replaced tables. */
export function keepForAWhile(store: Store, config: RetentionConfig): Retention {
  const { pool, log } = store;
  const sweeps = [
    oldCommands(pool, config.commandsRetentionDays * DAY_MS),
    releasedParked(pool, config.parkedRetentionDays * DAY_MS),
    replacedTables(pool),
  ];
  return startRetention({ store, sweeps, log });
}
