import { costSheetIdOf } from '@tongchou/contracts';
import type { CostSheetId } from '@tongchou/kernel';
import { costSheet } from '../domain/cost-sheet.ts';
import type { CostSheetCommand } from '../domain/cost-sheet.ts';

/** Who decides on a project's costs, and where: the sheet's id is the UUID v5 of the project's. */
export const costSheetStream = {
  decider: costSheet,
  streamOf: ({ projectId }: CostSheetCommand): CostSheetId => costSheetIdOf(projectId),
  /** A sheet opens and closes with its project; nobody else may do so. */
  internal: ['OpenCostSheet', 'CloseCostSheet'],
} as const;
