import { afterAll, expect, it } from '@jest/globals';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { addressOf, instancesOf, readRun, runningCity } from './run-file.ts';
import { stateFolder, writeJson } from './state-folder.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'run-file-spec-'));
const city = stateFolder(folder);
afterAll(() => rm(folder, { recursive: true, force: true }));

const one = (port: number) => ({ url: `http://127.0.0.1:${port}`, pid: port });

it('names one instance or several of an app', async () => {
  await writeJson(city.runFile, { gateway: one(4000), projects: [one(4001), one(4101)] });
  const run = await runningCity(city);
  expect(addressOf(run, 'gateway')).toBe('http://127.0.0.1:4000');
  expect(instancesOf(run, 'projects').map(({ pid }) => pid)).toEqual([4001, 4101]);
  expect(instancesOf(run, 'costs')).toEqual([]);
});

it('is for its owner alone: addresses of databases carry passwords', async () => {
  expect((await stat(city.runFile)).mode & 0o077).toBe(0);
});

it('is nothing while it is half written, or when its urls are no origins', async () => {
  await writeFile(city.runFile, '{"gateway":{"url":"http://127.0.0.1:4000","pid":1');
  expect(await readRun(city)).toBeUndefined();
  await writeFile(city.runFile, JSON.stringify({ gateway: { url: 'http://127.0.0.1:4000/', pid: 1 } }));
  expect(await readRun(city)).toBeUndefined();
  await expect(runningCity(city)).rejects.toThrow('No city runs');
});

it('is replaced by the loading one while the demo is on its way', async () => {
  await rm(city.runFile);
  await writeJson(city.loadingFile, { costs: one(4002) });
  expect(addressOf((await readRun(city)) ?? {}, 'costs')).toBe('http://127.0.0.1:4002');
});
