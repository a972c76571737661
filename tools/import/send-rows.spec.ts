import { afterAll, beforeEach, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isoDate } from '@tongchou/kernel';
import { DoorLane, NoProgress } from './door-lane.ts';
import { commandFor, type Profile, type Row } from './profile.ts';
import type { RowVerdict } from './row-verdict.ts';
import { type Doors, sendRows } from './send-rows.ts';

/** A command as the door receives it, by what the spec says of it. */
interface Line {
  readonly command: string;
  readonly input: { readonly reference: string; readonly value: string };
}

type Verdict = Record<string, unknown>;

/** A bulk door whose verdicts the spec decides. */
class Door {
  readonly requests: string[][] = [];
  decide: (line: Line, request: number) => Verdict | 'hang up' = () => ({ status: 'accepted' });

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await Array.fromAsync(request)).join('');
    const lines: Line[] = body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    this.requests.push(lines.map(({ command, input }) => `${command} ${input.reference} ${input.value}`));
    for (const [at, line] of lines.entries()) {
      const verdict = this.decide(line, this.requests.length);
      if (verdict === 'hang up') return void response.destroy();
      response.write(`${JSON.stringify({ line: at + 1, ...verdict })}\n`);
    }
    response.end();
  }
}

const projects = new Door();
const costs = new Door();
const asked = new Map([
  ['/v1/projects/commands', projects],
  ['/v1/costs/commands', costs],
]);
let tokens = 0;
const senders: (string | undefined)[] = [];
/** A gateway over real HTTP, as far as an importer knows it. */
const gateway = createServer((request, response) => {
  senders.push(request.headers.authorization);
  const door = asked.get(request.url ?? '');
  if (door) void door.answer(request, response);
  else response.writeHead(404).end();
});
gateway.listen(0, '127.0.0.1');
await once(gateway, 'listening');
const place = gateway.address();
const doors: Doors = {
  gateways: async () => [`http://127.0.0.1:${typeof place === 'object' && place ? place.port : 0}`],
  authorization: async () => `Bearer token-${(tokens += 1)}`,
};
afterAll(() => {
  gateway.closeAllConnections();
  gateway.close();
});
beforeEach(() => {
  for (const door of [projects, costs]) {
    door.requests.length = 0;
    door.decide = () => ({ status: 'accepted' });
  }
});

const profile: Profile<string> = {
  name: 'spec',
  about: '',
  currency: 'USD',
  columns: [],
  read: () => ({ column: '', value: '', allowed: '' }),
  commands: ({ reference, content: value }, firstMet) => [
    ...(firstMet ? [commandFor('projects', 'Register', { reference, value })] : []),
    commandFor('projects', 'Report', { reference, value }),
    commandFor('costs', 'Budget', { reference, value }),
  ],
};

async function* rowsOf(...rows: readonly (readonly [reference: string, value: string])[]): AsyncGenerator<Row<string>> {
  let line = 1;
  for (const [reference, content] of rows)
    yield { period: isoDate('2018-08-01'), reference, content, file: 0, line: (line += 1) };
}

async function send(...rows: readonly (readonly [string, string])[]): Promise<string[]> {
  const verdicts: RowVerdict[] = [];
  await sendRows(rowsOf(...rows), profile, doors, {
    row: (verdict) => verdicts.push(verdict),
    command: () => undefined,
    room: () => Promise.resolve(),
  });
  return verdicts.map(({ line, status, because }) => `${line} ${status} ${because}`.trim());
}

it('registers a work once, and sends its budget only behind its report', async () => {
  expect(await send(['A', '1'], ['A', '2'])).toEqual(['2 imported', '3 imported']);
  expect(projects.requests.flat()).toEqual(['Register A 1', 'Report A 1', 'Report A 2']);
  expect(costs.requests.flat()).toEqual(['Budget A 1', 'Budget A 2']);
});

it('sends what was answered retry again in order, until costs has heard of the work', async () => {
  costs.decide = ({ input }, request) =>
    input.reference === 'A' && request < 3 ? { status: 'retry', code: 'ProjectUnknown' } : { status: 'accepted' };
  await send(['A', '1'], ['B', '1'], ['A', '2']);
  const ofA = costs.requests.flat().filter((line) => line.startsWith('Budget A'));
  expect(ofA.slice(-2)).toEqual(['Budget A 1', 'Budget A 2']);
  expect(costs.requests.flat().filter((line) => line === 'Budget B 1')).toHaveLength(1);
});

it('sends what got no verdict again when the service ends in the middle', async () => {
  projects.decide = ({ input }, request) => (request === 1 && input.value === '2' ? 'hang up' : { status: 'accepted' });
  expect(await send(['A', '1'], ['A', '2'], ['A', '3'])).toHaveLength(3);
  expect(projects.requests.slice(1).flat()).toEqual(['Report A 2', 'Report A 3']);
});

it('tells what was refused, what was doubted and what is not new, and leaves out the budget of a refused row', async () => {
  projects.decide = ({ command, input }) => {
    if (input.value === 'old') return { status: 'repeated' };
    if (input.value === 'odd' && command === 'Report') {
      return { status: 'accepted', facts: [{ type: 'FinishForecastQuarantined', reason: 'TooFar' }] };
    }
    return input.value === 'late'
      ? { status: 'rejected', code: 'ProjectCancelled', message: 'It was.' }
      : { status: 'accepted' };
  };
  costs.decide = ({ input }) => ({ status: input.value === 'old' ? 'repeated' : 'accepted' });
  const verdicts = await send(['A', 'old'], ['B', 'odd'], ['C', 'late']);
  expect(verdicts.toSorted()).toEqual([
    '2 repeated',
    '3 quarantined FinishForecastQuarantined, TooFar',
    '4 rejected ProjectCancelled: It was.',
  ]);
  expect(costs.requests.flat()).toEqual(['Budget A old', 'Budget B odd']);
});

it('lets a later row register the work when the first one could not', async () => {
  let registered = false;
  projects.decide = ({ command, input }) => {
    if (command === 'Register' && input.value === 'too long')
      return { status: 'invalid', path: ['name'], message: 'at most 500' };
    if (command === 'Register') registered = true;
    return registered ? { status: 'accepted' } : { status: 'rejected', code: 'ProjectNotRegistered' };
  };
  const verdicts = await send(['A', 'too long'], ['A', '2'], ['A', '3']);
  expect(verdicts).toEqual(['2 invalid name: at most 500', '3 imported', '4 imported']);
  expect(projects.requests.at(-1)).toEqual(['Register A 2', 'Report A 2', 'Register A 3', 'Report A 3']);
});

it('says who sends with every request, as known at that moment', async () => {
  senders.length = 0;
  projects.decide = (_, request) => (request === 1 ? 'hang up' : { status: 'accepted' });
  await send(['A', '1']);
  expect(senders.length).toBeGreaterThan(1);
  expect(new Set(senders).size).toBe(senders.length);
  expect(senders.every((sender) => /^Bearer token-\d+$/.test(sender ?? ''))).toBe(true);
});

it('gives up when a service that is away gives no verdict in the time it has', async () => {
  const lane = new DoorLane({
    ...doors,
    service: 'costs',
    gateway: () => Promise.resolve(undefined),
    patienceMs: 150,
  });
  lane.push(commandFor('costs', 'Budget', { reference: 'A', value: '1' }), () => undefined);
  const given = await lane.run().catch((error: unknown) => error);
  expect(given).toBeInstanceOf(NoProgress);
  expect(given).toMatchObject({ service: 'costs', left: 1, message: 'no gateway runs' });
});
