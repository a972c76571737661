import { setTimeout as pause } from 'node:timers/promises';
import { createAppender, createReadGate, formatToken, openStore, startRunner, watchClock } from '@tongchou/event-store';
import { startRelay } from '@tongchou/messaging';
import type { OfficeSettings, OfficeTold } from '../clock-office.ts';
import { decodeFlow, STREAM_TYPE, tally, translation, uuidFor } from '../flow-facts.ts';
import { openFlowBus, QUICK } from '../flow-settings.ts';
import { eventsToAppend, versionOf } from '../flow-writers.ts';
import { between, seededRandom } from '../random.ts';
import { reasonOf } from '../../state/problem.ts';
import { atWork, settingsOf, tell, workerLog as log } from './work.ts';

const BETWEEN_MS = 10;
const STREAMS = 20;
const LANES = 6;
const COMPARE_EVERY_MS = 200;
const AHEAD_MS = 5_000;

const settings = settingsOf<OfficeSettings>();
const { source, sourceUrl, name, seed } = settings;
const store = await openStore({ url: sourceUrl, service: source, poolSize: 6, log });
const bus = await openFlowBus(settings.bus, `${source}-${name}`, store.pool, log);
const relay = startRelay({ store, bus, log, ...translation, timing: QUICK, watermarkEveryMs: 500 });
const runner = await startRunner({ store, models: [tally], decode: decodeFlow, log, timing: QUICK });
const clock = watchClock({ store, log, everyMs: COMPARE_EVERY_MS });
const gate = createReadGate(store);
const appender = createAppender(store);
const random = seededRandom('clock office', seed, name.length);
const versions = new Map<string, number>();
const figures = { met: 0, lied: 0, late: 0, untrueFreshness: 0, failed: 0 };
let writing = true;

/** Streams are a lane's own, so that no version is guessed. */
async function appendSome(lane: number): Promise<void> {
  const streamId = uuidFor(`${name} ${lane} ${between(random, 1, STREAMS)}`);
  const before = versions.get(streamId) ?? (await versionOf(store, streamId));
  const events = eventsToAppend(random, between(random, 1, 3)).map((event) => ({ ...event, type: 'Measured' }));
  const command = {
    scope: name,
    commandId: events[0]?.eventId ?? '',
    fingerprint: Buffer.alloc(32),
    kept: true,
    events,
  };
  const answer = await appender.append({
    streamId,
    streamType: STREAM_TYPE,
    expectedVersion: before,
    commands: [command],
  });
  if (!answer.appended) throw new Error(`${streamId} was not at ${before}`);
  const version = before + events.length;
  versions.set(streamId, version);
  await proveToken(streamId, version);
}

/** A token that is met means that the row is there. */
async function proveToken(streamId: string, version: number): Promise<void> {
  const { systemIdentifier: system } = store;
  const token = formatToken([{ service: source, system, streamType: STREAM_TYPE, streamId, version }]);
  const { satisfied } = await gate.wait([tally.name], token, { mode: 'best-effort', timeoutMs: 5_000 });
  if (!satisfied) return void (figures.late += 1);
  const { rows } = await store.pool.query<{ last: number }>('select last from rm.tally where stream = $1', [streamId]);
  figures[(rows[0]?.last ?? 0) >= version ? 'met' : 'lied'] += 1;
}

/** A lag is only told of an instant that has been: else nobody can say how fresh an answer is. */
async function proveFreshness(): Promise<void> {
  const { rows } = await store.pool.query<{ ms: number }>(
    'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms',
  );
  const now = rows[0]?.ms ?? 0;
  for (const { closedInstant, lagMs } of await gate.freshness()) {
    const ahead = closedInstant !== null && Date.parse(closedInstant) > now + AHEAD_MS;
    if (ahead && lagMs !== null && !stepped(now)) figures.untrueFreshness += 1;
  }
}

let lastNow = 0;

/** The clock was set between the two questions: they say nothing about each other. */
function stepped(now: number): boolean {
  const did = Math.abs(now - lastNow) > AHEAD_MS;
  lastNow = now;
  return did;
}

async function write(lane: number): Promise<void> {
  while (writing) {
    await appendSome(lane).catch(async (error: unknown) => {
      figures.failed += 1;
      versions.clear();
      tell({ trouble: reasonOf(error) });
      await pause(200);
    });
    await pause(BETWEEN_MS);
  }
}

async function tellAll(): Promise<void> {
  for (; ; await pause(COMPARE_EVERY_MS)) {
    await proveFreshness().catch(() => undefined);
    const told: OfficeTold = {
      office: name,
      ...figures,
      clock: clock.status(),
      leads: runner.status().leading,
      relays: relay.status().leading,
      done: !writing,
    };
    tell(told);
  }
}

process.on('message', (message: object) => {
  if ('stop' in message) writing = false;
});
for (let lane = 0; lane < LANES; lane += 1) void write(lane);
void tellAll();

atWork(async () => {
  writing = false;
  await clock.stop();
  await relay.stop();
  await runner.stop();
  await bus.close();
  await store.close();
});
