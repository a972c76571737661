import { expect, it } from '@jest/globals';
import { checkPartial, type Sample } from './check-partial.ts';

const sample = (rest: Partial<Sample>): Sample => ({
  query: '{ project { name } }',
  during: 'costs frozen',
  ms: 20,
  data: { project: { name: 'A bridge', costSheet: null } },
  errors: [],
  present: ['project.name'],
  needsIt: false,
  text: '',
  ...rest,
});
const away = { message: 'costs did not answer in time.', code: 'SUBGRAPH_TIMEOUT' };

it('takes whole answers, and partial ones that say by a code what is missing', () => {
  expect(checkPartial([sample({}), sample({ needsIt: true, errors: [away] })])).toEqual([]);
});

it('finds missing data, errors without a code, addresses, and slow answers', () => {
  expect(checkPartial([sample({ data: { project: null } })])).toEqual(['costs frozen: no project.name (1 times)']);
  expect(checkPartial([sample({ errors: [away] })])).toHaveLength(1);
  const leak = { message: 'connect ECONNREFUSED 127.0.0.1:4002', code: undefined };
  expect(checkPartial([sample({ needsIt: true, errors: [leak] })])).toHaveLength(2);
  expect(checkPartial([sample({ ms: 3_001 })])).toEqual(['costs frozen: p99 was 3001 ms, not 3000']);
});
