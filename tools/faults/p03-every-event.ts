import { allFaults } from './flow-faults.ts';
import { runFlow } from './flow.ts';
import { positionCursorControl } from './naive/position-relay.ts';
import type { Trial } from './trial.ts';

const PLAN = {
  smoke: { events: 5_000, chaosMs: 7_000, strikeEveryMs: 900 },
  full: { events: 100_000, chaosMs: 60_000, strikeEveryMs: 1_200 },
};

export const p3: Trial = {
  id: 'P3',
  says: 'every committed event reaches every consumer',
  bus: true,
  slow: true,
  async run(context) {
    const plan = context.full ? PLAN.full : PLAN.smoke;
    const end = await runFlow(context, { trial: 'p3', ...plan, faults: allFaults });
    return { ...end, control: await positionCursorControl(context) };
  },
};
