import { projectsContracts } from '@tongchou/contracts';
import type { ProjectsFact, PublicFact } from '@tongchou/contracts';
import type { ProjectEvent } from '../domain/project.ts';

type Public = Extract<ProjectEvent, { readonly type: keyof typeof projectsContracts }>;

const isPublic = (event: ProjectEvent): event is Public => Object.hasOwn(projectsContracts, event.type);

/** An event in its contract's shape: one that breaks the contract does not compile. */
const inContract = (event: Public): ProjectsFact => event;

/** An own event as others may hear it. One without a contract stays private: it travels without data. */
export function published(event: ProjectEvent): PublicFact | undefined {
  if (!isPublic(event)) return undefined;
  const { type, ...data } = inContract(event);
  return { type, schemaVersion: projectsContracts[type].version, data };
}
