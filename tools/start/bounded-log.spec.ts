import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { cutLog } from './bounded-log.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tongchou-log-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('is cut when it is too long, while its writer goes on at the end', async () => {
  const file = path.join(folder, 'app.log');
  const writer = await open(file, 'a');
  await writer.write('one\ntwo\n');
  expect(await cutLog(file, 8)).toBe(false);
  await writer.write('three\n');
  expect(await cutLog(file, 8)).toBe(true);
  await writer.write('four\n');
  await writer.close();
  expect(await readFile(`${file}.1`, 'utf8')).toBe('one\ntwo\nthree\n');
  expect(await readFile(file, 'utf8')).toBe('four\n');
  expect(await cutLog(path.join(folder, 'none.log'), 8)).toBe(false);
});
