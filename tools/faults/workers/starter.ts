import { openStore } from '@tongchou/event-store';
import { reasonOf } from '../../state/problem.ts';
import { migrateUnlocked } from '../naive/unlocked-migration.ts';
import { NoteStart1790000000000, type StartOrder } from '../pending-migration.ts';
import { atWork, tell } from './work.ts';

const SERVICE = 'projects';

async function start({ url, naive }: StartOrder): Promise<void> {
  if (naive) return migrateUnlocked(url);
  const store = await openStore({ url, service: SERVICE, migrations: [NoteStart1790000000000] });
  await store.close();
}

process.on('message', (order: StartOrder) => {
  const { round } = order;
  start(order).then(
    () => tell({ round }),
    (error: unknown) => tell({ round, fault: reasonOf(error) }),
  );
});

atWork(async () => {});
