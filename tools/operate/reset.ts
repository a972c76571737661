import { rm } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { folderElsewhere } from '@tongchou/embedded-postgres';
import { knownPlace } from '../start/postgres-process.ts';
import { readArguments } from '../state/arguments.ts';
import { Problem } from '../state/problem.ts';
import { ROOT, type StateFolder, there } from '../state/state-folder.ts';
import { runningSupervisor } from '../state/supervisor-file.ts';
import { stopCity } from './stop.ts';

const HELP = `
npm run reset [-- --yes]

Empties the state of a city: its data, settings, keys and logs. Names what it deletes and asks; --yes skips the question.
Databases that were given by *_DATABASE_URL are not touched.`;

/** What a city keeps inside its folder; anything else there belongs to somebody else and stays. */
function ownEntries(city: StateFolder): string[] {
  const running = [city.runFile, city.loadingFile, city.supervisorFile];
  const keys = [city.issuerFile, city.signingKeyFile, city.principalKeysFile];
  const folders = [city.stoppedFolder, path.dirname(city.logFile('any')), path.join(city.path, 'pg'), city.kafkaFolder];
  return [...folders, ...running, city.settingsFile, city.postgresFile, ...keys];
}

async function whatToDelete(city: StateFolder): Promise<string[]> {
  const data = (await knownPlace(city))?.dataDir;
  const outside = data !== undefined && !data.startsWith(city.path + path.sep) ? [path.dirname(data)] : [];
  // A file in the state names that folder: it is deleted only where this program puts such data.
  const trusted = outside.length > 0 ? await folderElsewhere() : '';
  const wanted = [...ownEntries(city), ...outside.filter((folder) => path.dirname(folder) === trusted)];
  const found = await Promise.all(wanted.map(async (entry) => ((await there(entry)) ? [entry] : [])));
  return found.flat();
}

async function confirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) throw new Problem('Nobody is there to be asked.', 'Give --yes: npm run reset -- --yes.');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question('Delete all of this? Type yes: ');
  terminal.close();
  return answer.trim().toLowerCase() === 'yes';
}

export async function run(args: readonly string[]): Promise<number> {
  const { values, city } = readArguments(args, HELP, { yes: { type: 'boolean' } });
  const doomed = await whatToDelete(city);
  if (doomed.length === 0) {
    console.log(`The state ${city.shown} is empty already.`);
    return 0;
  }
  const runs = (await runningSupervisor(city)) !== undefined;
  console.log(`${runs ? 'The running city is stopped, and this' : 'This'} is deleted for ever:`);
  for (const entry of doomed) console.log(`  ${entry.startsWith(ROOT) ? path.relative(ROOT, entry) : entry}`);
  if (!values.yes && !(await confirmed())) {
    console.log('Nothing was deleted.');
    return 1;
  }
  await stopCity(city);
  for (const entry of doomed) await rm(entry, { recursive: true, force: true });
  console.log('Deleted. npm start begins anew.');
  return 0;
}
