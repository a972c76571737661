import { expect, it } from '@jest/globals';
import { checkStops } from './check-stop.ts';

it('finds failed requests and processes that end too late', () => {
  expect(checkStops([{ app: 'costs', exitMs: 800 }], new Map())).toEqual([]);
  expect(checkStops([{ app: 'costs', exitMs: 20_001 }], new Map([['HTTP 502', 2]]))).toEqual([
    'failed 2 times: HTTP 502',
    'costs took 20001 ms to end, not 20000',
  ]);
});
