import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { askCity } from '../state/ask-city.ts';
import type { Door } from '../state/door.ts';

const TOTALS = /* GraphQL */ `
  query ControlTotals($register: String!) {
    cityOverview(register: $register) {
      works
      currentBudget
      baselineBudget
      slipDays
      referenceDate
      lights {
        state
        works
      }
      reasons {
        code
        works
      }
      phases: groups(by: REPORTED_PHASE) {
        key
        works
      }
      facts {
        type
        direction
        facts
      }
    }
  }
`;

const answer = z.object({
  cityOverview: z.object({
    works: z.number(),
    currentBudget: z.string().nullable(),
    baselineBudget: z.string().nullable(),
    slipDays: z.number().nullable(),
    referenceDate: z.string(),
    lights: z.array(z.object({ state: z.string(), works: z.number() })),
    reasons: z.array(z.object({ code: z.string(), works: z.number() })),
    phases: z.array(z.object({ key: z.string().nullable(), works: z.number() })),
    facts: z.array(z.object({ type: z.string(), direction: z.string().nullable(), facts: z.number() })),
  }),
});

/** What the city says of a register: figures that a reader can check against the source. */
export type Totals = z.infer<typeof answer>['cityOverview'];

const freshness = z.object({
  freshness: z.object({ projects: z.array(z.object({ closedInstant: z.string().nullable() })) }),
});

/** Whether an answer holds everything that any service had recorded by then. */
function holdsAllUntil(extensions: unknown, instant: Date): boolean {
  const parsed = freshness.safeParse(extensions);
  return (
    parsed.success &&
    parsed.data.freshness.projects.every(
      ({ closedInstant }) => closedInstant !== null && Date.parse(closedInstant) >= instant.getTime(),
    )
  );
}

/** Facts of costs travel over the bus: after this long the totals are given as they are. */
const CATCH_UP_MS = 30_000;

export interface ControlTotals {
  readonly totals: Totals;
  /** False when some facts of the import may still be on their way. */
  readonly complete: boolean;
}

async function ask(door: Door, register: string, asked: Date): Promise<ControlTotals> {
  const { data, extensions } = await askCity(door, TOTALS, answer, { register });
  return { totals: data.cityOverview, complete: holdsAllUntil(extensions, asked) };
}

/**
 * The register's control totals as the gateway answers them, when everything recorded until now is in them or after half
 * a minute.
 *
 * @throws Problem when the gateway does not answer in that time.
 */
export async function controlTotals(door: Door, register: string): Promise<ControlTotals> {
  const asked = new Date();
  for (;;) {
    const late = Date.now() - asked.getTime() > CATCH_UP_MS;
    const found = await ask(door, register, asked).catch((problem: unknown) => {
      if (late) throw problem;
      return undefined;
    });
    if (found && (found.complete || late)) return found;
    await pause(100);
  }
}
