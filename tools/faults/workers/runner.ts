import { openStore, startRunner } from '@tongchou/event-store';
import { QUICK } from '../flow-settings.ts';
import { ALL_MODELS, decodeOwn } from '../rebuild-models.ts';
import { atWork, settingsOf, workerLog as log } from './work.ts';

/** One instance that folds a store's own events into its read models. */
const { url, service } = settingsOf<{ url: string; service: string }>();
const store = await openStore({ url, service, poolSize: 6, log });
const runner = await startRunner({ store, models: ALL_MODELS, decode: decodeOwn, log, timing: QUICK });

process.on('message', (message: { rebuild?: string }) => {
  // Whoever asked looks at the table, and asks again when this process has been killed meanwhile.
  if (message.rebuild !== undefined) runner.rebuild(message.rebuild).catch(() => undefined);
});

atWork(async () => {
  await runner.stop();
  await store.close();
});
