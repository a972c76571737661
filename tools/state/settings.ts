import { z } from 'zod';
import { Problem } from './problem.ts';
import { readJson, writeJson, type StateFolder } from './state-folder.ts';

export const DEFAULT_CURRENCY = 'CNY';

const settings = z.object({
  currency: z.string().regex(/^[A-Z]{3}$/),
  referenceDate: z.iso.date().optional(),
  mainRegister: z.string().optional(),
  districts: z.string().optional(),
  /** Whether the demo belongs into this city, and how far it is: a start that was killed half way goes on from here. */
  demo: z.enum(['none', 'wanted', 'loading', 'loaded']),
});

/** What a city keeps from its first start: money never changes its currency, figures keep their day. */
export type Settings = z.infer<typeof settings>;

/** What comes with a demo file. */
export interface DemoSettings {
  readonly currency: string;
  readonly referenceDate: string;
  readonly mainRegister: string;
  /** The city's districts, parted by commas. */
  readonly districts: string;
}

export type Given = Readonly<Record<string, string | undefined>>;

export async function readSettings(city: StateFolder): Promise<Settings | undefined> {
  const content = await readJson(city.settingsFile);
  if (content === undefined) return undefined;
  const parsed = settings.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new Problem(
    `${city.settingsFile} is not what a start wrote there: ${z.prettifyError(parsed.error)}`,
    'Put it right, or empty the state: npm run reset.',
  );
}

export const keepSettings = (city: StateFolder, kept: Settings): Promise<void> => writeJson(city.settingsFile, kept);

const given = (environment: Given, name: string): string | undefined => environment[name]?.trim() || undefined;

function refuseOtherCurrency(kept: string, wanted: string | undefined): void {
  if (wanted === undefined || wanted === kept) return;
  throw new Problem(
    `CURRENCY=${wanted} was given, but the money in this city is ${kept}.`,
    `Leave CURRENCY out, or use another city: --state DIR.`,
  );
}

function refuseOtherThanDemo(demo: DemoSettings, wanted: string | undefined): void {
  if (wanted === undefined || wanted === demo.currency) return;
  throw new Problem(
    `The demo's money is ${demo.currency}, CURRENCY=${wanted} was given.`,
    'Start without the demo (npm start -- --no-demo), or leave CURRENCY out.',
  );
}

const OFFICE = { referenceDate: 'REFERENCE_DATE', mainRegister: 'MAIN_REGISTER', districts: 'DISTRICTS' } as const;

/** What is given to this start, else what was kept or comes with the demo; nothing where neither says. */
function office(environment: Given, before: { readonly [Name in keyof typeof OFFICE]?: string | undefined }): object {
  const fields = ['referenceDate', 'mainRegister', 'districts'] as const;
  const settled = fields.map((field) => [field, given(environment, OFFICE[field]) ?? before[field]] as const);
  return Object.fromEntries(settled.filter(([, value]) => value !== undefined));
}

/**
 * Settings of this start: those that were kept, else those of the demo, else the environment's. A given REFERENCE_DATE,
 * MAIN_REGISTER and DISTRICTS win.
 *
 * @throws Problem when CURRENCY differs from the one that the city's money is in, or from the demo's at a first start.
 */
export function settle(kept: Settings | undefined, environment: Given, demo: DemoSettings | undefined): Settings {
  const wanted = given(environment, 'CURRENCY');
  if (kept) refuseOtherCurrency(kept.currency, wanted);
  else if (demo) refuseOtherThanDemo(demo, wanted);
  const before = kept ?? demo;
  const result = settings.safeParse({
    ...office(environment, before ?? {}),
    currency: before?.currency ?? wanted ?? DEFAULT_CURRENCY,
    demo: kept?.demo ?? (demo ? 'wanted' : 'none'),
  });
  if (result.success) return result.data;
  throw new Problem(
    `CURRENCY or REFERENCE_DATE is not right: ${z.prettifyError(result.error)}`,
    'CURRENCY is three capital letters (CNY), REFERENCE_DATE a day as YYYY-MM-DD.',
  );
}
