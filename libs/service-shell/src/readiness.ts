import type { Policies, Runner, Store } from '@tongchou/event-store';
import type { Relay } from '@tongchou/messaging';

const DATABASE_ANSWERS_WITHIN_MS = 1_000;

/** Whether the store's database answers at all. */
export async function databaseTrouble(store: Pick<Store, 'pool'>): Promise<string[]> {
  let alarm: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    alarm = setTimeout(() => reject(new Error('late')), DATABASE_ANSWERS_WITHIN_MS);
  });
  try {
    await Promise.race([store.pool.query('select 1'), late]);
    return [];
  } catch {
    return ['database: it does not answer'];
  } finally {
    clearTimeout(alarm);
  }
}

/** What has stopped and will not go on by itself. Another instance may lead; what it has stopped is read from the store. */
export function stoppedParts(runner: Runner, policies: Policies, relay: Relay): string[] {
  const models = runner
    .status()
    .models.flatMap(({ name, stopped }) => (stopped ? [`read model ${name}: ${stopped}`] : []));
  const { stopped, trouble } = relay.status();
  return [
    ...models,
    ...policyReasons(policies),
    ...(stopped ? [`relay: ${stopped}`] : trouble ? [`relay: ${trouble}`] : []),
  ];
}
