import { projectIdOf } from '@tongchou/contracts';
import type { Step } from './step.ts';

/** The register of everything that trials make. */
export const REGISTER = 'faults';

/** A work's registration with projects: its reference is also its key, and its name where none is given. */
export const registration = (reference: string, name = reference): Step => ({
  service: 'projects',
  command: 'RegisterProject',
  key: reference,
  input: { register: REGISTER, reference, name, registeredOn: '2014-01-01' },
  streamId: projectIdOf(REGISTER, reference),
  expected: { kind: 'facts', version: 1 },
});
