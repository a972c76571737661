import { openStore } from '@tongchou/event-store';
import { startRelay } from '@tongchou/messaging';
import { translation } from '../flow-facts.ts';
import { openForeign } from '../flow-foreign.ts';
import { type FlowSettings, openFlowBus, QUICK } from '../flow-settings.ts';
import { seededRandom } from '../random.ts';
import { unrulyBus } from './unruly-bus.ts';
import { atWork, settingsOf, tell, workerLog as log } from './work.ts';

const settings = settingsOf<FlowSettings>();
const { source, sourceUrl, unruly } = settings;
const store = await openStore({ url: sourceUrl, service: source, poolSize: 4, log });
const bus = await openFlowBus(settings.bus, source, store.pool, log);
const foreign = unruly && openForeign(settings.bus);
const random = seededRandom('relay', unruly?.seed ?? 0, process.pid);
const carried = unruly && foreign ? unrulyBus({ bus, foreign, random, unruly, tell }) : bus;
const relay = startRelay({ store, bus: carried, log, ...translation, timing: QUICK, watermarkEveryMs: 500 });

atWork(async () => {
  await relay.stop();
  await bus.close();
  await foreign?.close();
  await store.close();
});
