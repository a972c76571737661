import { expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { doubledPackages, licenceAllowed, missingFromLock, runtimePackages } from './packages.ts';

const root = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');

it.each(['MIT', '(MIT OR GPL-3.0)', 'Apache-2.0 AND BSD-3-Clause', 'BlueOak-1.0.0'])('takes %s', (licence) => {
  expect(licenceAllowed(licence)).toBe(true);
});

it.each(['GPL-3.0', 'Elastic-2.0', 'MIT AND GPL-2.0', 'SEE LICENSE IN LICENSE', 'none given', ''])(
  'does not take %j',
  (licence) => expect(licenceAllowed(licence)).toBe(false),
);

it('finds what a deployable loads, through our own libs, without what is only for development', () => {
  const names = runtimePackages(root, 'services/costs').map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['@nestjs/core', 'pg', 'typeorm', 'graphql', 'zod']));
  expect(names).not.toContain('jest');
  expect(names).not.toContain('@tongchou/kernel');
});

it('has every platform package in the lock, and one copy of what must be one', () => {
  expect(missingFromLock(root, ['.', 'libs/embedded-postgres'])).toEqual([]);
  expect(doubledPackages(root)).toEqual([]);
});
