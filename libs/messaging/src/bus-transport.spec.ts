import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { silentLog } from '@tongchou/event-store';
import { eventually, throwAwayDatabase } from '@tongchou/testing';
import type { ThrowAwayDatabase } from '@tongchou/testing';
import { defer, delay, of, tap } from 'rxjs';
import type { Bus, PartitionBatch } from './bus.ts';
import { BusTransport } from './bus-transport.ts';
import { openPostgresBus } from './postgres-bus.ts';

let database: ThrowAwayDatabase;
let bus: Bus;
beforeAll(async () => {
  database = await throwAwayDatabase();
  bus = await openPostgresBus({ url: database.url, log: silentLog, timing: { heartbeatMs: 100 } });
});
afterAll(async () => {
  await bus.close();
  await database.drop();
});

const listening = (transport: BusTransport): Promise<void> =>
  new Promise((resolve, reject) => transport.listen((error) => (error === undefined ? resolve() : reject(error))));

async function publish(topic: string, ...values: string[]): Promise<void> {
  const from = await bus.checkpoint(topic);
  const to = {
    generation: '0190a000-0000-7000-8000-000000000001',
    cursor: `${from?.cursor ?? ''}.`,
    epoch: 1,
    systemIdentifier: 's',
  };
  const messages = values.map((value) => ({ key: null, headers: {}, value: Buffer.from(value), partition: 2 }));
  await bus.publish(topic, messages, { from, to });
}

const valuesOf = (batch: PartitionBatch): string[] => batch.messages.map(({ value }) => String(value));

describe('the transport', () => {
  it('gives the one handler of a topic a batch at a time, and waits for what it returns', async () => {
    const topic = 'waited.events.v1';
    await bus.openTopic(topic);
    const transport = new BusTransport({ bus, group: 'waiting', log: silentLog });
    const heard: string[] = [];
    let atOnce = 0;
    let most = 0;
    // Nest hands over what a handler returns as a stream, which does its work only when somebody waits for it.
    const handler = async (batch: PartitionBatch) =>
      defer(() => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        return of(batch).pipe(delay(20));
      }).pipe(
        tap(() => {
          heard.push(...valuesOf(batch));
          atOnce -= 1;
        }),
      );
    transport.addHandler(topic, handler, true);
    await listening(transport);
    for (let at = 0; at < 5; at += 1) await publish(topic, String(at));
    await eventually('all', () => heard.length === 5);
    expect(heard).toEqual(['0', '1', '2', '3', '4']);
    expect(most).toBe(1);
    await transport.close();
  });

  it('hands a batch out again when its handler fails, and survives', async () => {
    const topic = 'failing.events.v1';
    await bus.openTopic(topic);
    const transport = new BusTransport({ bus, group: 'failing', log: silentLog });
    const heard: string[] = [];
    let failures = 0;
    transport.addHandler(
      topic,
      async (batch: PartitionBatch) => {
        failures += 1;
        if (failures === 1) throw new Error('a bug');
        heard.push(...valuesOf(batch));
      },
      true,
    );
    await listening(transport);
    await publish(topic, 'a', 'b');
    await eventually('both', () => heard.length === 2);
    expect(heard).toEqual(['a', 'b']);
    expect(transport.subscriptionStatus()).toMatchObject({ healthy: true });
    await transport.close();
  });

  it('says why it does not listen', async () => {
    const away = new BusTransport({
      bus: { ...bus, subscribe: () => Promise.reject(new Error('the bus is away')) },
      group: 'away',
      log: silentLog,
    });
    away.addHandler('away.events.v1', async () => undefined, true);
    await expect(listening(away)).rejects.toThrow('the bus is away');
    expect(away.subscriptionStatus()).toMatchObject({ healthy: false });
    await away.close();
  });
});
