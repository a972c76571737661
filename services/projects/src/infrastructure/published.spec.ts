import { describe, expect, it } from '@jest/globals';
import { contractsOf, decodePublic } from '@tongchou/contracts';
import type { ProjectsFact } from '@tongchou/contracts';
import { isoDate } from '@tongchou/kernel';
import type { ProjectEvent } from '../domain/project.ts';
import { published } from './published.ts';

describe('what others may hear of a work', () => {
  it('is the event as it is, in the version of its contract', () => {
    const event: ProjectEvent = {
      type: 'BaselineFinishSet',
      period: isoDate('2014-05-01'),
      finish: isoDate('2020-01-14'),
    };
    const { type, ...data } = event;
    expect(published(event)).toEqual({ type, schemaVersion: 1, data });
  });

  it('every contract is kept, and every event has one', () => {
    for (const [type, contract] of Object.entries(contractsOf('projects'))) {
      const fact = decodePublic('projects', type, contract.version, contract.example);
      // The contract's own example is an event of ours, by type.
      const event = fact as ProjectsFact satisfies ProjectEvent;
      expect(published(event)).toEqual({ type, schemaVersion: contract.version, data: contract.example });
    }
  });

  it('an event that no contract names travels without data', () => {
    // @ts-expect-error No event of a project has this type.
    expect(published({ type: 'ProjectWhispered' })).toBeUndefined();
  });
});
