import { fileURLToPath } from 'node:url';
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { upcastersOf } from '@tongchou/contracts';
import { serviceModule } from '@tongchou/service-shell';
import type { ServiceConfig, ServiceParts } from '@tongchou/service-shell';
import { CostHistoryEntryResolver, CostHistoryResolver } from './api/cost-history.resolver.ts';
import { costSheetCommands, CostSheetResolver } from './api/cost-sheet.resolver.ts';
import { placesOf } from './api/reached-projects.ts';
import { UserErrorResolver } from './api/user-error.resolver.ts';
import { sheetFollowsProject } from './application/policies.ts';
import { published } from './infrastructure/published.ts';
import { costHistory } from './read-models/cost-history.ts';
import { costSheets } from './read-models/cost-sheets.ts';
import { projectPlaces } from './read-models/project-place.ts';

/** What is peculiar to costs; the shell brings the rest. */
export const costs: ServiceParts = {
  name: 'costs',
  aggregates: [costSheetCommands],
  readModels: [costSheets, costHistory, projectPlaces],
  policies: [sheetFollowsProject],
  listensTo: ['projects'],
  published,
  upcasters: upcastersOf('costs'),
  schemaPath: fileURLToPath(new URL('./api/schema.graphql', import.meta.url)),
  resolvers: [CostSheetResolver, CostHistoryResolver, CostHistoryEntryResolver, UserErrorResolver],
  placesOf,
};

@Module({})
export class CostsModule {
  static with(config: ServiceConfig): DynamicModule {
    return { module: CostsModule, ...serviceModule(costs, config) };
  }
}
