import { afterAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { checkBus, chooseBus } from './bus-choice.ts';
import { neededDatabases } from './databases.ts';
import { countsOf, readInstances } from './instances.ts';

const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
const port = typeof address === 'object' && address ? address.port : 0;
afterAll(() => new Promise((resolve) => server.close(resolve)));

const silent = (): void => undefined;

describe('the bus of a start', () => {
  it('is the one that the environment names, else the one that was asked for, else PostgreSQL', () => {
    expect(chooseBus({ KAFKA_BROKERS: 'kafka-1:9092' }, 3)).toEqual({ kind: 'kafka', given: 'kafka-1:9092' });
    expect(chooseBus({ KAFKA_BROKERS: ' ' }, 3)).toEqual({ kind: 'kafka', nodes: 3 });
    expect(chooseBus({}, undefined)).toEqual({ kind: 'postgres' });
  });

  it('needs a database only when it is PostgreSQL', () => {
    expect(neededDatabases({ kind: 'postgres' })).toContain('bus');
    expect(neededDatabases({ kind: 'kafka' })).not.toContain('bus');
  });

  it('is there when one of the given brokers answers; else a start says so before anything else', async () => {
    const away = `127.0.0.1:1,nonsense,127.0.0.1:99999`;
    await checkBus({ kind: 'kafka', given: `${away}, 127.0.0.1:${port}` }, silent);
    await expect(checkBus({ kind: 'kafka', given: away }, silent)).rejects.toThrow('No broker answers');
  });
});

describe('how many of each app run', () => {
  it('is one where nothing else is said', () => {
    expect(readInstances(undefined)).toEqual({ gateway: 1, projects: 1, costs: 1 });
    expect(countsOf(readInstances('costs=3, gateway=2'))).toBe('gateway ×2, projects, costs ×3');
  });

  it.each(['costs', 'costs=0', 'costs=17', 'costs=1.5', 'costs=-1', 'funds=2', '', 'costs=2,'])(
    'is not "%s"',
    (text) => {
      expect(() => readInstances(text)).toThrow('--instances does not understand');
    },
  );
});
