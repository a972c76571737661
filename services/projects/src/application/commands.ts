import type { ProjectId } from '@tongchou/kernel';
import { project } from '../domain/project.ts';
import type { ProjectCommand } from '../domain/project.ts';

/** Who decides on a work, and where: its stream is the project's own id, the UUID v5 of register and reference. */
export const projectStream = {
  decider: project,
  streamOf: (command: ProjectCommand): ProjectId => command.projectId,
};
