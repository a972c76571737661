import { afterAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { throwAwayDatabase } from './postgres.ts';

const database = await throwAwayDatabase();
afterAll(() => database.drop());

it('runs as real ES modules, so that specs meet what production meets', () => {
  expect(typeof require).toBe('undefined');
});

it('gives a real PostgreSQL 18 with durable commits', async () => {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query('show fsync');
  expect(rows).toEqual([{ fsync: 'on' }]);
  const version = await client.query<{ server_version: string }>('show server_version');
  expect(version.rows[0]?.server_version).toMatch(/^18\./);
  await client.end();
});
