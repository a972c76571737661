import { lateComers } from './flow-faults.ts';
import { runFlow } from './flow.ts';
import { disorderControl } from './naive/disorderly.ts';
import type { Trial } from './trial.ts';

const PLAN = {
  smoke: { events: 4_000, chaosMs: 7_000, strikeEveryMs: 900, forgeries: 5 },
  full: { events: 50_000, chaosMs: 45_000, strikeEveryMs: 1_800, forgeries: 18 },
};

export const p5: Trial = {
  id: 'P5',
  says: 'the order within an aggregate is kept',
  bus: true,
  slow: true,
  async run(context) {
    const plan = context.full ? PLAN.full : PLAN.smoke;
    const unruly = { repeats: false, early: 0.4 };
    const end = await runFlow(context, { trial: 'p5', ...plan, faults: lateComers, unruly });
    return { ...end, control: await disorderControl(context) };
  },
};
