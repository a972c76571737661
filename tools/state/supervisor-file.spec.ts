import { afterAll, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { markOf, type ProcessMark, stillRuns } from './processes.ts';
import { stateFolder, writeJson } from './state-folder.ts';
import { claimCity, endLeftovers, readSupervisor, runningSupervisor } from './supervisor-file.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'supervisor-spec-'));
const started: ChildProcess[] = [];
afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** A process that waits until it is ended. */
async function sleeper(): Promise<ProcessMark> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  started.push(child);
  await once(child, 'spawn');
  const mark = await markOf(child.pid ?? 0);
  if (!mark) throw new Error('The sleeper has no mark');
  return mark;
}

const gone: ProcessMark = { pid: 4_194_000, started: 'long ago' };
let cities = 0;
const newCity = () => stateFolder(path.join(folder, `city-${(cities += 1)}`));

describe('a city has one supervisor', () => {
  it('is claimed when nobody keeps it', async () => {
    const city = newCity();
    expect(await claimCity(city)).toEqual({ left: [] });
    expect((await runningSupervisor(city))?.supervisor.pid).toBe(process.pid);
  });

  it('is not claimed from one that lives', async () => {
    const city = newCity();
    const supervisor = await sleeper();
    await writeJson(city.supervisorFile, { supervisor, phase: 'ready', children: [] });
    expect((await claimCity(city)).running?.supervisor).toEqual(supervisor);
  });

  it('is claimed from one that was killed, with what it had started', async () => {
    const city = newCity();
    const left = [{ name: 'costs', ...(await sleeper()) }];
    await writeJson(city.supervisorFile, { supervisor: gone, phase: 'ready', children: left });
    expect(await claimCity(city)).toEqual({ left });
    expect((await readSupervisor(city))?.children).toEqual(left);
    expect(await readdir(city.path)).toEqual(['supervisor.json']);
  });
});

describe('what a killed supervisor left', () => {
  it('is ended', async () => {
    const child = await sleeper();
    expect(
      await endLeftovers([
        { name: 'costs', ...child },
        { name: 'gateway', ...gone },
      ]),
    ).toEqual(['costs']);
    expect(await stillRuns(child)).toBe(false);
  });

  it('is a stranger when it only has the number: it is left alone', async () => {
    const stranger = await sleeper();
    expect(await endLeftovers([{ name: 'costs', pid: stranger.pid, started: 'at another time' }])).toEqual([]);
    expect(await stillRuns(stranger)).toBe(true);
  });
});
