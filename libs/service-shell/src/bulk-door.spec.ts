import { describe, expect, it } from '@jest/globals';
import { BulkDoor } from './bulk-door.ts';
import type { AdmittedCommand } from './command-door.ts';
import { NDJSON_LIMITS } from './ndjson-lines.ts';
import type { Verdict } from './verdict.ts';

type Answered = Verdict & { line: number };

const lineOf = (stream: string, key: string): string =>
  JSON.stringify({ command: 'Put', idempotencyKey: key, input: { stream } });

/** A door whose commands end as their key says, and that notes the order in which they began. */
function door(begun: string[], before: (key: string) => Promise<void> = () => Promise.resolve()) {
  const admit = (_name: string, request: { idempotencyKey: string; input: unknown }): AdmittedCommand => {
    const { stream } = request.input as { stream: string };
    const { idempotencyKey: key } = request;
    return {
      streamId: stream,
      run: async () => {
        begun.push(key);
        await before(key);
        const status = key.startsWith('retry') ? 'retry' : key.startsWith('fail') ? 'failed' : 'accepted';
        return { status, streamId: stream };
      },
    };
  };
  return { admit };
}

async function* chunks(text: string, size = 7): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function run(bulk: BulkDoor, lines: AsyncIterable<Buffer>, signal = new AbortController().signal) {
  const answers: Answered[] = [];
  const principal = { subject: 'demo', roles: [] };
  await bulk.run({ lines, answer: (one) => answers.push(one), principal, correlationId: 'c', signal });
  return answers;
}

describe('the bulk door', () => {
  it('answers a verdict a line in order, though streams end in another order', async () => {
    let release = (): void => undefined;
    const slow = new Promise<void>((resolve) => (release = resolve));
    const begun: string[] = [];
    const bulk = new BulkDoor(
      door(begun, (key) => {
        if (key === 'b1') release();
        return key === 'a1' ? slow : Promise.resolve();
      }),
    );
    const answers = await run(bulk, chunks([lineOf('a', 'a1'), lineOf('a', 'a2'), lineOf('b', 'b1')].join('\n')));
    expect(answers.map(({ line, status }) => [line, status])).toEqual([
      [1, 'accepted'],
      [2, 'accepted'],
      [3, 'accepted'],
    ]);
    expect(begun.indexOf('a2')).toBeGreaterThan(begun.indexOf('b1'));
  });

  it.each(['retry', 'fail'])('leaves the rest of a stream undecided after %s, and other streams alone', async (end) => {
    const begun: string[] = [];
    const text = [lineOf('a', `${end}1`), lineOf('b', 'b1'), lineOf('a', 'a2'), lineOf('a', 'a3'), lineOf('b', 'b2')];
    const answers = await run(new BulkDoor(door(begun)), chunks(`${text.join('\n')}\n`));
    expect(answers.slice(2, 4)).toMatchObject([
      { status: 'retry', code: 'UNDECIDED' },
      { status: 'retry', code: 'UNDECIDED' },
    ]);
    expect(begun.toSorted()).toEqual(['b1', 'b2', `${end}1`].toSorted());
  });

  it('answers for broken lines, and goes on', async () => {
    const text = [
      '{"command":',
      '',
      '[]',
      '{"command":"Put","idempotencyKey":"k","input":{},"more":1}',
      '{"command":"Put","idempotencyKey":"k","input":7}',
      lineOf('a', 'a1'),
    ].join('\n');
    const answers = await run(new BulkDoor(door([])), chunks(text));
    expect(answers.map(({ status }) => status)).toEqual([...Array(5).fill('invalid'), 'accepted']);
    expect(answers[3]).toMatchObject({
      line: 4,
      code: 'BAD_USER_INPUT',
      message: 'there is no field more',
      path: ['more'],
    });
    const notText = await run(new BulkDoor(door([])), [
      Buffer.from([0x22, 0xff, 0x22]),
    ] as unknown as AsyncIterable<Buffer>);
    expect(notText).toMatchObject([{ status: 'invalid' }]);
  });

  it('keeps nothing of a line that is too long, and goes on with the next', async () => {
    const bulk = new BulkDoor(door([]), { ...NDJSON_LIMITS, lineBytes: 100 });
    const answers = await run(bulk, chunks(`${'x'.repeat(5_000)}\n${lineOf('a', 'a1')}`));
    expect(answers).toMatchObject([{ status: 'invalid', code: 'PAYLOAD_TOO_LARGE' }, { status: 'accepted' }]);
  });

  it('ends at the limit of lines and of bytes with a verdict that says so', async () => {
    const many = Array.from({ length: 5 }, (_, index) => lineOf(`s${index}`, `k${index}`)).join('\n');
    const byLines = await run(new BulkDoor(door([]), { ...NDJSON_LIMITS, lines: 3 }), chunks(many));
    expect(byLines.map(({ line, status, code }) => [line, status, code]).slice(2)).toEqual([
      [3, 'accepted', undefined],
      [4, 'retry', 'PAYLOAD_TOO_LARGE'],
    ]);
    const byBytes = await run(new BulkDoor(door([]), { ...NDJSON_LIMITS, requestBytes: 130 }), chunks(many));
    expect(byBytes.at(-1)).toMatchObject({ line: 3, status: 'retry', code: 'PAYLOAD_TOO_LARGE' });
  });

  it('decides nothing more once the client is gone or the process stops', async () => {
    const gone = new AbortController();
    const begun: string[] = [];
    const bulk = new BulkDoor(
      door(begun, () => {
        gone.abort();
        return Promise.resolve();
      }),
    );
    const text = [lineOf('a', 'a1'), lineOf('a', 'a2'), lineOf('a', 'a3')].join('\n');
    const answers = await run(bulk, chunks(text), gone.signal);
    expect(begun).toEqual(['a1']);
    expect(answers.map(({ status }) => status)).toEqual(['accepted', 'retry', 'retry']);
    bulk.stop();
    expect(await run(bulk, chunks(lineOf('b', 'b1')))).toMatchObject([{ status: 'retry', code: 'UNDECIDED' }]);
  });

  it('reads no further than its window allows while nothing is decided', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let taken = 0;
    async function* counted(): AsyncGenerator<Buffer> {
      for (taken = 1; taken <= 2_000; taken += 1) {
        yield await Promise.resolve(Buffer.from(`${lineOf(`s${taken}`, `k${taken}`)}\n`));
      }
    }
    const running = run(new BulkDoor(door([], () => held)), counted());
    for (let step = 0; step < 20_000 && taken < 513; step += 1) await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(taken).toBeLessThan(600);
    release();
    expect(await running).toHaveLength(2_000);
  });
});
