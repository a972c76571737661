import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { keepSettings, readSettings, settle } from './settings.ts';
import { stateFolder } from './state-folder.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'settings-spec-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const demo = { currency: 'USD', referenceDate: '2018-08-31', mainRegister: 'a-register', districts: 'North, South' };
const first = settle(undefined, {}, demo);

it("takes the demo's money, day, register and districts at a first start with it", () => {
  expect(first).toEqual({ ...demo, demo: 'wanted' });
});

it('speaks CNY and of today without the demo', () => {
  expect(settle(undefined, {}, undefined)).toEqual({ currency: 'CNY', demo: 'none' });
});

it('keeps the first currency and day, whatever a later start leaves out', () => {
  expect(settle(first, {}, undefined)).toEqual(first);
});

describe('CURRENCY', () => {
  it('is refused when it is another than the kept one', () => {
    expect(() => settle(first, { CURRENCY: 'CNY' }, demo)).toThrow(
      'CURRENCY=CNY was given, but the money in this city is USD.',
    );
    expect(settle(first, { CURRENCY: 'USD' }, demo)).toEqual(first);
  });

  it("is refused when it is another than the demo's", () => {
    expect(() => settle(undefined, { CURRENCY: 'EUR' }, demo)).toThrow("The demo's money is USD");
  });
});

it('lets a given REFERENCE_DATE and MAIN_REGISTER win', () => {
  expect(settle(first, { REFERENCE_DATE: '2017-01-01', MAIN_REGISTER: 'another' }, undefined)).toMatchObject({
    currency: 'USD',
    referenceDate: '2017-01-01',
    mainRegister: 'another',
  });
  expect(() => settle(first, { REFERENCE_DATE: '31.08.2018' }, undefined)).toThrow('REFERENCE_DATE is not right');
});

it('comes back from the state as it was kept, and says when somebody spoilt the file', async () => {
  const city = stateFolder(path.join(folder, 'city'));
  expect(await readSettings(city)).toBeUndefined();
  await keepSettings(city, first);
  expect(await readSettings(city)).toEqual(first);
  await writeFile(city.settingsFile, '{"currency":"dollars"}');
  await expect(readSettings(city)).rejects.toThrow('is not what a start wrote there');
});
