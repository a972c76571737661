import { expect, it } from '@jest/globals';
import { isUuid } from '@tongchou/kernel';
import { costSheetIdOf, projectIdOf, REGISTERS, uuidV5 } from './natural-ids.ts';

it('makes the UUID v5 that every language makes', () => {
  // The example of RFC 9562, appendix A.4.
  expect(uuidV5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe(
    '2ed6657d-e927-568b-95e1-2665a8aea6a2',
  );
});

it('names a project by register and reference, whatever the two contain', () => {
  expect(projectIdOf('register', '3')).toBe(uuidV5(uuidV5(REGISTERS, 'register'), '3'));
  expect(projectIdOf('a', 'b:c')).not.toBe(projectIdOf('a:b', 'c'));
  expect(isUuid(projectIdOf('城建', '统筹-1'))).toBe(true);
});

it('keeps its formula for ever', () => {
  expect(projectIdOf('nyc-capital-projects', '3')).toBe('ed351f07-9d86-52fb-a13b-60fafc795525');
  expect(costSheetIdOf(projectIdOf('nyc-capital-projects', '3'))).toBe('5c1295ae-1562-58c5-b8c4-f959391a88af');
});
