import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { keepSettings } from '../state/settings.ts';
import { stateFolder } from '../state/state-folder.ts';
import { run } from './command.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'import-command-spec-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
const file = path.join(folder, 'works.csv');
await writeFile(file, 'PID\n');
const state = path.join(folder, 'state');

describe('an import that cannot begin says what to do', () => {
  it.each<[string, string[], string]>([
    ['no profile', [], 'No profile was named.'],
    ['an unknown one', ['excel', file], 'There is no profile "excel".'],
    ['no file', ['nyc-capital-projects'], 'No file was named.'],
    ['a file that is not there', ['nyc-capital-projects', path.join(folder, 'none.csv')], 'cannot be read'],
    ['a folder', ['nyc-capital-projects', folder], 'is no file'],
    ['an impossible day', ['nyc-capital-projects', file, '--until', '2018-02-30'], '--until 2018-02-30 is no day.'],
    [
      'a report that cannot be written',
      ['nyc-capital-projects', file, '--dry-run', '--report', folder],
      'cannot be written',
    ],
    ['an unknown option', ['nyc-capital-projects', file, '--fast'], "Unknown option '--fast'"],
    ['no city', ['nyc-capital-projects', file], 'No city runs'],
  ])('%s', async (_, words, message) => {
    await expect(run([...words, '--state', state])).rejects.toThrow(message);
  });

  it('money of another currency than the city has', async () => {
    const city = stateFolder(path.join(folder, 'yuan'));
    await keepSettings(city, { currency: 'CNY', demo: 'none' });
    await expect(run(['nyc-capital-projects', file, '--state', city.path])).rejects.toThrow(
      'Files of nyc-capital-projects are in USD; the money of this city is CNY.',
    );
  });
});
