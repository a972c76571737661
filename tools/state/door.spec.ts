import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { issuerFiles } from '../issuer/issuer-files.ts';
import { issueToken } from '../issuer/issue-token.ts';
import { doorOf, instanceDoors, openDoor } from './door.ts';
import { stateFolder, writeJson } from './state-folder.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'door-spec-'));
const city = stateFolder(folder);
const { keys } = await issuerFiles(city);

let livesS = 3_600;
let isAway = false;
const asked: string[] = [];
/** An issuer whose tokens live as long as the spec says. */
const server = createServer((request, response) => {
  asked.push(Buffer.from(request.headers.authorization?.slice('Basic '.length) ?? '', 'base64').toString());
  if (isAway) return void response.destroy();
  const exp = Math.floor(Date.now() / 1_000) + livesS;
  void issueToken(keys[0], url, { sub: 'x' }, exp).then((token) =>
    response.end(JSON.stringify({ access_token: token })),
  );
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const gateway = { url: 'http://127.0.0.1:1', pid: 1 };
const run = { gateway, issuer: { url, pid: 1 }, projects: [gateway, gateway], costs: gateway };

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  await writeJson(city.runFile, run);
  [livesS, isAway] = [3_600, false];
  asked.length = 0;
});

describe('the door of a city with the demo issuer', () => {
  it('asks for a token of the role once, whoever asks at once, and whatever TOKEN the environment holds', async () => {
    process.env['TOKEN'] = 'a.b.c';
    const door = await openDoor(city, 'auditor');
    const headers = await Promise.all([door.authorization(), door.authorization()]);
    delete process.env['TOKEN'];
    expect(new Set([...headers, await door.authorization()]).size).toBe(1);
    expect(headers[0]).toMatch(/^Bearer eyJ/);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatch(/^auditor:/);
  });

  it('renews a token before it ends, and goes on with the old one while the issuer is away', async () => {
    livesS = 120;
    const door = await openDoor(city, 'integrator');
    const first = await door.authorization();
    isAway = true;
    expect(await door.authorization()).toBe(first);
    isAway = false;
    expect(await door.authorization()).not.toBe(first);
    expect(asked).toHaveLength(3);
  });

  it('finds an issuer that moved', async () => {
    await writeJson(city.runFile, { ...run, issuer: { url: 'http://127.0.0.1:1', pid: 1 } });
    const door = await openDoor(city, 'auditor');
    await expect(door.authorization()).rejects.toThrow('The demo issuer does not answer');
    await writeJson(city.runFile, run);
    expect(await door.authorization()).toMatch(/^Bearer /);
  });

  it('leads to each of several instances, or to whichever there is', async () => {
    const door = await openDoor(city, 'auditor');
    expect(instanceDoors(door, run, 'projects').map(({ instance }) => instance)).toEqual([1, 2]);
    expect(instanceDoors(door, run, 'costs').map(({ instance }) => instance)).toEqual([undefined]);
  });
});

describe('the door of a city without it', () => {
  const office = { gateway, issuer: { url: 'https://id.example.org/realms/office' } };

  it('says whom to ask for a token', async () => {
    await writeJson(city.runFile, office);
    const refused = (await openDoor(city, 'auditor')).authorization();
    await expect(refused).rejects.toMatchObject({
      message:
        'This city has no demo issuer: tokens come from its identity provider, https://id.example.org/realms/office.',
      remedy: 'Ask that one for a token, and give it with --token TOKEN.',
    });
  });

  it('takes the token that is given, when it is one', async () => {
    expect(await doorOf(city, office, 'auditor', 'a.b.c').authorization()).toBe('Bearer a.b.c');
    for (const word of ['', 'secret', 'a.b', 'a.b.c\nx: y']) {
      expect(() => doorOf(city, office, 'auditor', word)).toThrow('is no bearer token');
    }
  });

  it('is closed where no gateway runs', () => {
    expect(() => doorOf(city, {}, 'auditor')).toThrow('The gateway does not run.');
  });
});
