import { openStore, silentLog } from '@tongchou/event-store';
import { describeKafka, testBrokers, throwAwayDatabase } from '@tongchou/testing';
import { busSuite } from '@tongchou/testing/bus-suite';
import type { Bus } from './bus.ts';
import { openKafkaBus } from './kafka-bus.ts';

describeKafka('on real Kafka', () => {
  busSuite('Kafka', async () => {
    const database = await throwAwayDatabase();
    const store = await openStore({ url: database.url, service: 'spec' });
    const open = (): Bus =>
      openKafkaBus({
        brokers: testBrokers(),
        clientId: 'spec',
        pool: store.pool,
        log: silentLog,
        topics: { replicationFactor: 1, minInsync: 1 },
        timing: { heartbeatMs: 200, sessionMs: 6_000, fetchWaitMs: 100, hintEveryMs: 200 },
      });
    const bus = open();
    return {
      bus,
      another: async () => open(),
      async close() {
        await bus.close();
        await store.close();
        await database.drop();
      },
    };
  });
});
