import { access, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type IsoDate, parseIsoDate } from '@tongchou/kernel';
import { readArguments, workingFolder } from '../state/arguments.ts';
import { type Door, openDoor, TOKEN, TOKEN_HELP } from '../state/door.ts';
import { Problem, reasonOf } from '../state/problem.ts';
import { instancesOf, readRun } from '../state/run-file.ts';
import { readSettings } from '../state/settings.ts';
import type { StateFolder } from '../state/state-folder.ts';
import { profileList, profileNamed } from './profiles.ts';
import { runImport } from './run-import.ts';
import type { Doors } from './send-rows.ts';
import { spillFolder } from './spill-folder.ts';
import { printSummary } from './summary.ts';

const HELP = `
npm run import -- PROFILE FILE... [OPTIONS]

Sends a real file through commands into the running city. Each row gets a verdict: imported, repeated, quarantined,
rejected or invalid, with its reason. The same file again adds nothing; an import that was interrupted is started again.

Profiles:
${profileList()}

  --until YYYY-MM-DD  leave out rows of later periods
  --dry-run           read and check everything, send nothing
  --report FILE       write the verdict of each row as CSV
  --json              print the summary as JSON
  --brief             print the summary in few lines
${TOKEN_HELP('integrator', 18)}

Exit code: 0 all rows are in, 2 some were rejected or invalid, 1 the import did not happen or did not end.`;

const WITH_REFUSED_ROWS = 2;

function day(text: string | undefined): IsoDate | undefined {
  if (text === undefined) return undefined;
  const parsed = parseIsoDate(text);
  if (parsed !== undefined) return parsed;
  throw new Problem(`--until ${text} is no day.`, 'Give it as YYYY-MM-DD, for example 2016-06-01.');
}

async function filesOf(names: readonly string[]): Promise<string[]> {
  if (names.length === 0) throw new Problem('No file was named.', 'npm run import -- PROFILE FILE...');
  const files = names.map((name) => path.resolve(workingFolder(), name));
  for (const file of files) {
    await access(file).catch((cause: unknown) => {
      throw new Problem(`${file} cannot be read.`, 'Look at its name and its rights.', { cause });
    });
    // Each file is read twice, which a pipe cannot be.
    if (!(await stat(file)).isFile()) throw new Problem(`${file} is no file.`, 'Name a file, not a folder or a pipe.');
  }
  return files;
}

/** Money is never converted in passing. @throws Problem when the city's money is another than the file's. */
async function refuseOtherCurrency(city: StateFolder, profile: { name: string; currency: string }): Promise<void> {
  const currency = (await readSettings(city))?.currency;
  if (currency === undefined || currency === profile.currency) return;
  throw new Problem(
    `Files of ${profile.name} are in ${profile.currency}; the money of this city is ${currency}.`,
    `Import it into a city of its own: CURRENCY=${profile.currency} npm start -- --no-demo --state DIR.`,
  );
}

/** A report that cannot be written is better known before the rows are sent. */
async function reportFile(name: string | undefined): Promise<string | undefined> {
  if (name === undefined) return undefined;
  const file = path.resolve(workingFolder(), name);
  await writeFile(file, '').catch((cause: unknown) => {
    throw new Problem(`The report cannot be written to ${file}: ${reasonOf(cause)}.`, 'Give another --report FILE.');
  });
  return file;
}

/** The way in, once somebody has said who sends; gateways are looked up anew, for a city may move meanwhile. */
async function doorsOf(city: StateFolder, door: Door): Promise<Doors> {
  await door.authorization();
  const gateways = async (): Promise<string[]> =>
    instancesOf((await readRun(city)) ?? {}, 'gateway').map(({ url }) => url);
  return { gateways, authorization: door.authorization };
}

export async function run(args: readonly string[]): Promise<number> {
  const { values, words, city } = readArguments(
    args,
    HELP,
    {
      until: { type: 'string' },
      'dry-run': { type: 'boolean' },
      report: { type: 'string' },
      json: { type: 'boolean' },
      brief: { type: 'boolean' },
      ...TOKEN,
    },
    { atMost: Number.POSITIVE_INFINITY },
  );
  const profile = profileNamed(words[0]);
  const files = await filesOf(words.slice(1));
  const until = day(values.until);
  await refuseOtherCurrency(city, profile);
  const door = values['dry-run'] ? undefined : await openDoor(city, 'integrator', values.token);
  const doors = door && (await doorsOf(city, door));
  const report = await reportFile(values.report);
  const spill = await spillFolder(city);
  const imported = await runImport({ profile, files, until, doors, report, spill });
  await printSummary({
    imported,
    profile,
    door,
    report,
    form: values.json ? 'json' : values.brief ? 'brief' : 'table',
  });
  if (imported.unfinished) return 1;
  return imported.tally.count('invalid', 'rejected') > 0 ? WITH_REFUSED_ROWS : 0;
}
