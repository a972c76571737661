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

const stopsOf = (what: string, parts: readonly { readonly name: string; readonly stopped?: string }[]): string[] =>
  parts.flatMap(({ name, stopped }) => (stopped === undefined ? [] : [`${what} ${name}: ${stopped}`]));

/** What has stopped and will not go on by itself, here or where another instance leads; and a relay that fails for now. */
export function stoppedParts(runner: Runner, policies: Policies, relay: Relay): string[] {
  const { stopped, trouble } = relay.status();
  const relayReason = stopped ?? trouble;
  return [
    ...stopsOf('read model', runner.status().models),
    ...stopsOf('policy', policies.status().policies),
    ...(relayReason === undefined ? [] : [`relay: ${relayReason}`]),
  ];
}
