import { expect, it } from '@jest/globals';
import { Keeper, type Keeping, type Running } from './keeper.ts';

/** A process whose life the spec tells. */
function life(pid: number, ready: boolean) {
  const end = Promise.withResolvers<string>();
  const running: Running = {
    mark: { pid, started: 'then' },
    ready: Promise.resolve(ready),
    ended: end.promise,
    stop: () => Promise.resolve(end.resolve('was stopped')),
  };
  return { running, end: () => end.resolve('ended') };
}

function kept(lives: readonly ReturnType<typeof life>[], more: Partial<Keeping> = {}) {
  const said: string[] = [];
  const starts = Promise.withResolvers<void>();
  let at = 0;
  const keeper = new Keeper({
    name: 'costs',
    logFile: '/nonexistent',
    launch: () => {
      const next = lives[at];
      at += 1;
      if (at === lives.length) starts.resolve();
      return next ? Promise.resolve(next.running) : Promise.reject(new Error('no more lives'));
    },
    changed: () => undefined,
    say: (line) => said.push(line),
    ...more,
  });
  return { keeper, said, allStarted: starts.promise, launches: () => at };
}

it('starts what ends again, and names the last that was ready until then', async () => {
  const [first, second] = [life(1, true), life(2, true)];
  const { keeper, said, allStarted } = kept([first, second]);
  await keeper.start();
  first.end();
  await allStarted;
  expect(keeper.lastReady?.pid).toBe(1);
  expect(said).toEqual(['costs ended; starting it again in 0.5 s']);
  await keeper.stop();
  expect(keeper.mark).toBeUndefined();
  expect(keeper.wanted).toBe(false);
});

it('gives up when it was never ready, with the reason', async () => {
  const { keeper, launches } = kept([life(1, false)]);
  await expect(keeper.start()).rejects.toThrow('costs did not become ready: it did not start: no more lives');
  expect(launches()).toBe(3);
});

it('gives up at once when trying again cannot help', async () => {
  const { keeper, launches } = kept([life(1, false)], { hopeless: () => Promise.resolve(true) });
  await expect(keeper.start()).rejects.toThrow('costs did not become ready: it was stopped');
  expect(launches()).toBe(1);
});

it('can be stopped before it is ready, and started again', async () => {
  const [first, second] = [life(1, true), life(2, true)];
  const { keeper } = kept([first, second]);
  const starting = keeper.start();
  await keeper.stop();
  await starting;
  await keeper.start();
  expect(keeper.ready).toBe(true);
  await keeper.stop();
});
