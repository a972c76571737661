import { topicOf } from '@tongchou/contracts';
import { openStore, startRunner } from '@tongchou/event-store';
import { BusTransport, createReceiver } from '@tongchou/messaging';
import type { PartitionBatch } from '@tongchou/messaging';
import { decodeFlow, flowContracts, tally } from '../flow-facts.ts';
import { type FlowSettings, openFlowBus, QUICK } from '../flow-settings.ts';
import { atWork, settingsOf, tell, workerLog as log } from './work.ts';

/** Streams that wait are part of the trial here, not a bad deploy. */
const MANY = 10_000;
const SENT_AT = 'sentat';

export interface ConsumerSettings extends FlowSettings {
  /** Tells how long after its header `sentat` each message was stored. */
  readonly timed?: boolean;
  /** As in a service: more than a few streams that wait are a bad deploy. */
  readonly strict?: boolean;
}

const settings = settingsOf<ConsumerSettings>();
const { source, group, targetUrl, timed, strict } = settings;
const store = await openStore({ url: targetUrl, service: group, poolSize: 8, log });
const bus = await openFlowBus(settings.bus, group, store.pool, log);
const receiver = createReceiver({
  store,
  contracts: flowContracts(),
  listensTo: [source],
  log,
  ...(!strict && { mostStalledStreams: MANY }),
});
const transport = new BusTransport({ bus, group, log, startAt: receiver.startAt });

async function receive(batch: PartitionBatch): Promise<void> {
  await receiver.receive(batch);
  if (!timed) return;
  const sent = batch.messages.flatMap(({ headers }) => (headers[SENT_AT] ? Number(headers[SENT_AT]) : []));
  tell({ tookMs: sent.map((at) => Date.now() - at) });
}

transport.addHandler(topicOf(source), receive, true);
await new Promise<void>((resolve, reject) =>
  transport.listen((error) => (error ? reject(new Error(String(error))) : resolve())),
);
const runner = await startRunner({ store, models: [tally], decode: decodeFlow, log, timing: QUICK });

atWork(async () => {
  await transport.close();
  await bus.close();
  await runner.stop();
  await store.close();
});
