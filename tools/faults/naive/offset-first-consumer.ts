import { topicOf } from '@tongchou/contracts';
import { openWitness } from '../flow-evidence.ts';
import { type FlowSettings, openFlowBus } from '../flow-settings.ts';
import { atWork, settingsOf, workerLog as log } from '../workers/work.ts';
import { storeNaively } from './naive-store.ts';

/** A process that commits the offset of what it has read, then stores it. At its first batch it is killed in between. */
const settings = settingsOf<FlowSettings>();
const pool = openWitness(settings.targetUrl);
const bus = await openFlowBus(settings.bus, settings.group, pool, log);
const deaths = await pool.query('select from naive.deaths');
const mustDie = deaths.rowCount === 0;

await bus.subscribe({
  group: settings.group,
  topics: [topicOf(settings.source)],
  from: 'earliest',
  async startAt(_topic, partition) {
    const { rows } = await pool.query<{ at: string }>(
      'select next_offset as at from naive.offsets where partition = $1',
      [partition],
    );
    return rows[0] && Number(rows[0].at);
  },
  async onBatch({ partition, to, messages }) {
    await pool.query(
      `insert into naive.offsets values ($1, $2) on conflict (partition) do update set next_offset = excluded.next_offset`,
      [partition, to],
    );
    if (mustDie) {
      await pool.query('insert into naive.deaths values (1) on conflict do nothing');
      process.kill(process.pid, 'SIGKILL');
    }
    for (const message of messages) await storeNaively(pool, message);
  },
});

atWork(async () => {
  await bus.close();
  await pool.end();
});
