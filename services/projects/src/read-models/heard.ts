import type { CostsFact } from '@tongchou/contracts';
import type { Fact } from '@tongchou/kernel';
import type { ProjectEvent } from '../domain/project.ts';

/** An own fact: its stream is the project's, so that the stream's id is the project's id. */
export type OwnFact = Fact<ProjectEvent, 'projects'>;

/** What the tables of works are folded from: own facts, and those of costs, whose data name the project. */
export type HeardFact = OwnFact | Fact<CostsFact, 'costs'>;

/** The project that a fact speaks of. */
export const projectOf = (fact: HeardFact): string => (fact.source === 'costs' ? fact.event.projectId : fact.streamId);
