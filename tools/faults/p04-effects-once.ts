import { lateComers } from './flow-faults.ts';
import { runFlow } from './flow.ts';
import { carelessConsumerControl } from './naive/careless-consumer.ts';
import type { Trial } from './trial.ts';

const PLAN = {
  smoke: { events: 4_000, chaosMs: 7_000, strikeEveryMs: 900 },
  full: { events: 100_000, chaosMs: 60_000, strikeEveryMs: 1_800 },
};

export const p4: Trial = {
  id: 'P4',
  says: 'effects happen exactly once',
  bus: true,
  slow: true,
  async run(context) {
    const plan = context.full ? PLAN.full : PLAN.smoke;
    const unruly = { repeats: true, early: 0 };
    const end = await runFlow(context, { trial: 'p4', ...plan, faults: lateComers, unruly });
    return { ...end, control: await carelessConsumerControl(context) };
  },
};
