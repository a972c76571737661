import { expect, it } from '@jest/globals';
import { createStreamGate } from './stream-gate.ts';

interface Gate {
  readonly rounds: { streamId: string; items: readonly number[] }[];
  readonly submit: (streamId: string, item: number) => Promise<number>;
  open(): void;
}

function gate(maxBatch = 10, maxWaiting = 100): Gate {
  const rounds: { streamId: string; items: readonly number[] }[] = [];
  const doors: (() => void)[] = [];
  const submit = createStreamGate<number, number>({
    async process(streamId, items) {
      rounds.push({ streamId, items });
      await new Promise<void>((resolve) => doors.push(resolve));
      if (items.includes(13)) throw new Error('unlucky');
      return items.map((value) =>
        value < 0 ? { status: 'rejected', reason: new Error(`${value}`) } : { status: 'fulfilled', value },
      );
    },
    maxBatch,
    maxWaiting,
  });
  return { rounds, submit, open: () => doors.splice(0).forEach((door) => door()) };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('takes together what gathered while the stream was busy, and lets other streams pass', async () => {
  const { rounds, submit, open } = gate(3);
  const first = submit('a', 1);
  await turn();
  const rest = [2, 3, 4, 5].map((item) => submit('a', item));
  const beside = submit('b', 6);
  await turn();
  expect(rounds).toEqual([
    { streamId: 'a', items: [1] },
    { streamId: 'b', items: [6] },
  ]);
  for (let left = 3; left > 0; left -= 1) {
    open();
    await turn();
  }
  expect(await Promise.all([first, ...rest, beside])).toEqual([1, 2, 3, 4, 5, 6]);
  expect(rounds.slice(2)).toEqual([
    { streamId: 'a', items: [2, 3, 4] },
    { streamId: 'a', items: [5] },
  ]);
});

it('gives each its own result, all the error when the round fails, and goes on afterwards', async () => {
  const { submit, open } = gate();
  const round = [1, -2, 3].map((item) => submit('a', item));
  await turn();
  const unlucky = [12, 13].map((item) => submit('a', item));
  open();
  const settled = await Promise.allSettled(round);
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  await turn();
  open();
  expect((await Promise.allSettled(unlucky)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const after = submit('a', 4);
  await turn();
  open();
  expect(await after).toBe(4);
});

it('refuses what would wait in too long a queue', async () => {
  const { submit, open } = gate(10, 2);
  const taken = submit('a', 1);
  await turn();
  const waiting = [2, 3].map((item) => submit('a', item));
  await expect(submit('a', 4)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  open();
  await turn();
  open();
  expect(await Promise.all([taken, ...waiting])).toEqual([1, 2, 3]);
});
