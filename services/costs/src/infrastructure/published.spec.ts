import { describe, expect, it } from '@jest/globals';
import { contractsOf, decodePublic, projectIdOf } from '@tongchou/contracts';
import type { CostsFact } from '@tongchou/contracts';
import { cents, isoDate } from '@tongchou/kernel';
import type { CostSheetEvent } from '../domain/cost-sheet.ts';
import { published } from './published.ts';

describe('what others may hear of a cost sheet', () => {
  it('is the event as it is, in the version of its contract', () => {
    const event: CostSheetEvent = {
      type: 'BudgetBaselineReported',
      projectId: projectIdOf('nyc-capital-projects', '3'),
      period: isoDate('2014-05-01'),
      amount: cents(100),
    };
    const { type, ...data } = event;
    expect(published(event)).toEqual({ type, schemaVersion: 1, data });
  });

  it('every contract is kept, and every event has one', () => {
    for (const [type, contract] of Object.entries(contractsOf('costs'))) {
      const fact = decodePublic('costs', type, contract.version, contract.example);
      // The contract's own example is an event of ours, by type.
      const event = fact as CostsFact satisfies CostSheetEvent;
      expect(published(event)).toEqual({ type, schemaVersion: contract.version, data: contract.example });
    }
  });

  it('an event that no contract names travels without data', () => {
    // @ts-expect-error No event of a cost sheet has this type.
    expect(published({ type: 'BudgetWhispered' })).toBeUndefined();
  });
});
