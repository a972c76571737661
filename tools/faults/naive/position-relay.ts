import { openStore, silentLog, startRunner } from '@tongchou/event-store';
import { createReceiver } from '@tongchou/messaging';
import pg from 'pg';
import { judgeFlow } from '../flow-checker.ts';
import { evidenceOf } from '../flow-evidence.ts';
import { decodeFlow, flowContracts, tally, uuidFor } from '../flow-facts.ts';
import { insertEvents } from '../flow-slow-writer.ts';
import type { TrialContext, TrialOutcome } from '../trial.ts';
import { eventually, type Ground, listenNaively, newsBehind, openGround, plainEvents } from './ground.ts';

/** A relay as it is often written: publishes what lies behind the last position that it has seen. */
function positionRelay(ground: Ground) {
  let seen = '0';
  return async (): Promise<void> => {
    const { messages, position } = await newsBehind(ground, seen);
    await ground.foreign.send(ground.topic, messages);
    seen = position;
  };
}

/** The real listening side, in this process. */
async function listenProperly(context: TrialContext, ground: Ground): Promise<void> {
  const { settings } = ground;
  const store = await openStore({ url: settings.targetUrl, service: settings.group, poolSize: 4 });
  context.atEnd(() => store.close());
  const contracts = flowContracts();
  const receiver = createReceiver({ store, contracts, listensTo: [settings.source], log: silentLog });
  const runner = await startRunner({ store, models: [tally], decode: decodeFlow, log: silentLog });
  context.atEnd(() => runner.stop());
  await listenNaively(context, ground, receiver.receive);
}

/** A transaction takes the first position and commits after the relay has been at the second. */
export async function positionCursorControl(context: TrialContext): Promise<TrialOutcome['control']> {
  const ground = await openGround(context, 'p3', 'naive');
  await listenProperly(context, ground);
  const publish = positionRelay(ground);
  const slow = new pg.Client({ connectionString: ground.settings.sourceUrl, application_name: 'slow writer' });
  slow.on('error', () => undefined);
  await slow.connect();
  context.atEnd(() => slow.end());
  await slow.query('begin');
  await insertEvents(slow, uuidFor('slow'), 0, plainEvents(1));
  await ground.happen('quick', 0, 2);
  await publish();
  await slow.query('commit');
  await ground.happen('quick', 2, 2);
  await publish();
  const arrived = await eventually(async () => {
    const { rows } = await ground.target.query<{ n: string }>('select sum(facts) as n from rm.tally');
    return Number(rows[0]?.n) >= 4;
  });
  const what = 'a relay with a position for a cursor, and a transaction that commits late';
  if (!arrived) throw new Error('The naive relay published less than it read: the control shows nothing');
  return { what, violations: judgeFlow(await evidenceOf(ground, ground.settings, [])) };
}
