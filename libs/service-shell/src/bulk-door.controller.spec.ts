import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { throwAwayDatabase } from '@tongchou/testing';
import { access, postLines, putBook, sampleCity, verdicts, type AnsweredLine } from './standing.fixture.ts';
import type { Standing } from './stand-up.ts';

let city: ReturnType<typeof sampleCity>;
let standing: Standing;
beforeAll(async () => {
  city = sampleCity(await throwAwayDatabase(), await throwAwayDatabase());
  standing = await city.stand();
});
afterAll(async () => {
  await standing.close();
  await city.drop();
});

async function run(lines: readonly string[]): Promise<AnsweredLine[]> {
  const response = await postLines(standing.url, lines.join('\n'));
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
  return verdicts(await response.text());
}

describe('POST /v1/commands', () => {
  it('stores, repeats, refuses, and tells why, in the order of the lines', async () => {
    const answers = await run([
      putBook('a', '1'),
      putBook('a', '1'),
      putBook('a', '2', 'a-1'),
      putBook('a', '2'),
      putBook('a', '3'),
      putBook('a', '4'),
      putBook('a', '1', 'another key'.replace(' ', '-')),
    ]);
    expect(answers.map(({ line, status, code }) => [line, status, code])).toEqual([
      [1, 'accepted', undefined],
      [2, 'repeated', undefined],
      [3, 'invalid', 'IDEMPOTENCY_MISMATCH'],
      [4, 'accepted', undefined],
      [5, 'accepted', undefined],
      [6, 'rejected', 'ShelfFull'],
      [7, 'accepted', undefined],
    ]);
    expect(answers[5]?.message).toBe('The shelf holds 3 books. Take another shelf.');
    expect(answers[0]?.consistencyToken).toContain('shelf');
  });

  it('answers retry and failed, and leaves the rest of those streams undecided', async () => {
    const broken = JSON.stringify({ command: 'BreakShelf', idempotencyKey: 'break', input: { shelf: 'c' } });
    const lines = [putBook('b', 'ordered'), broken, putBook('d', '1'), putBook('b', '1'), putBook('c', '1')];
    const answers = await run(lines);
    expect(answers.map(({ status, code }) => [status, code])).toEqual([
      ['retry', 'NotDelivered'],
      ['failed', 'INTERNAL'],
      ['accepted', undefined],
      ['retry', 'UNDECIDED'],
      ['retry', 'UNDECIDED'],
    ]);
    expect(answers[1]?.message).not.toContain('10.1.2.3');
    expect((await run([putBook('b', '1'), putBook('c', '1')])).map(({ status }) => status)).toEqual([
      'accepted',
      'accepted',
    ]);
  });

  it('answers for each bad line, and goes on', async () => {
    const answers = await run([
      '{"command":"PutBook",',
      JSON.stringify({ command: 'BurnBook', idempotencyKey: 'k', input: {} }),
      `{"command":"PutBook","idempotencyKey":"k","input":{"shelf":"e","title":"${'x'.repeat(2 * 1_048_576)}"}}`,
      JSON.stringify({ command: 'PutBook', idempotencyKey: 'k', input: { shelf: 'e' } }),
      JSON.stringify({ command: 'PutBook', idempotencyKey: 'k', input: { shelf: 'e', title: 't', more: 1 } }),
      JSON.stringify({ command: 'PutBook', idempotencyKey: 'k', input: { shelf: 'e', title: 'a\u0000' } }),
      JSON.stringify({ command: 'PutBook', idempotencyKey: 'a key', input: { shelf: 'e', title: 't' } }),
      putBook('e', '1'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([...Array(7).fill('invalid'), 'accepted']);
    expect(answers.map(({ message }) => message)).toMatchObject([
      'The line is not one JSON object in UTF-8',
      'There is no command "BurnBook" here; there is PutBook, BreakShelf',
      'A line takes at most 1048576 bytes',
      'title is required',
      'there is no field more',
      'title holds a NUL character, which cannot be stored',
      'idempotencyKey must be 1 to 200 visible ASCII characters',
      undefined,
    ]);
  });

  it('refuses another content type, compression, and what announces too much', async () => {
    const statusOf = async (headers: Record<string, string>, body = putBook('f', '1')): Promise<unknown[]> => {
      const response = await postLines(standing.url, body, headers);
      const { error } = (await response.json()) as { error: { code: string; requestId: string } };
      expect(error.requestId).toBe(response.headers.get('x-request-id'));
      return [response.status, error.code];
    };
    expect(await statusOf({ 'content-type': 'application/json' })).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    expect(await statusOf({ 'content-encoding': 'gzip' })).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    const large = 'x'.repeat(33 * 1_048_576);
    expect(await statusOf({}, large)).toEqual([413, 'PAYLOAD_TOO_LARGE']);
  });

  it('says at line 10,001 that the rest is for another request', async () => {
    const answers = await run(Array.from({ length: 10_050 }, () => '[]'));
    expect(answers).toHaveLength(10_001);
    expect(answers.at(-1)).toMatchObject({ line: 10_001, status: 'retry', code: 'PAYLOAD_TOO_LARGE' });
  });

  it('lets a client send everything before it reads', async () => {
    const lines = Array.from({ length: 3_000 }, (_, index) => putBook(`many-${index}`, '1'));
    const outgoing = request(`${standing.url}/v1/commands`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', ...(await access.headers('shelf')) },
    });
    // Nothing is read of the answer before the last line has gone out.
    const answered = once(outgoing, 'response');
    const sent = once(outgoing, 'finish');
    outgoing.end(lines.join('\n'));
    await sent;
    const [incoming] = await answered;
    const answers = verdicts(await text(incoming));
    expect(answers.filter(({ status }) => status === 'accepted')).toHaveLength(3_000);
  });

  it('survives a client that goes in the middle, and its keys tell what was stored', async () => {
    const lines = Array.from({ length: 500 }, (_, index) => putBook(`gone-${index}`, '1'));
    const signed = await access.headers('shelf');
    await new Promise<void>((resolve) => {
      const outgoing = request(`${standing.url}/v1/commands`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson', ...signed },
      });
      outgoing.on('error', () => undefined);
      outgoing.on('close', () => resolve());
      outgoing.on('response', (incoming) => incoming.once('data', () => outgoing.destroy()));
      outgoing.write(`${lines.slice(0, 300).join('\n')}\n{"command":`);
    });
    const answers = await run(lines);
    expect(answers.every(({ status }) => status === 'accepted' || status === 'repeated')).toBe(true);
    expect(answers.filter(({ status }) => status === 'repeated').length).toBeGreaterThan(0);
  });
});
