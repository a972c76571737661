import { fileURLToPath } from 'node:url';
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { upcastersOf } from '@tongchou/contracts';
import { serviceModule } from '@tongchou/service-shell';
import type { ServiceParts } from '@tongchou/service-shell';
import { CityOverviewResolver } from './api/city-overview.resolver.ts';
import { DelayLedgerResolver } from './api/delay-ledger.resolver.ts';
import { JudgedWorks } from './api/judged-works.ts';
import { ProjectHistoryCountResolver, ProjectHistoryResolver } from './api/project-history.resolver.ts';
import { projectCommands, ProjectResolver } from './api/project.resolver.ts';
import { placesOf } from './api/reached-works.ts';
import { DelayRecordedResolver, HistoryRecordedResolver } from './api/recorded-by.resolver.ts';
import { PastAcceptanceResolver, UserErrorResolver } from './api/user-error.resolver.ts';
import { ProjectReadsResolver, WorkResolver, WorksResolver } from './api/works.resolver.ts';
import type { ProjectsConfig } from './config.ts';
import { published } from './infrastructure/published.ts';
import { delayLedger } from './read-models/delay-ledger.ts';
import { projectHistory } from './read-models/project-history.ts';
import { works } from './read-models/works.ts';

/** What is peculiar to projects; the shell brings the rest. */
export const projects: ServiceParts = {
  name: 'projects',
  aggregates: [projectCommands],
  readModels: [works, delayLedger, projectHistory],
  policies: [],
  listensTo: ['costs'],
  published,
  upcasters: upcastersOf('projects'),
  schemaPath: fileURLToPath(new URL('./api/schema.graphql', import.meta.url)),
  resolvers: [
    ProjectResolver,
    ProjectReadsResolver,
    ProjectHistoryResolver,
    ProjectHistoryCountResolver,
    WorksResolver,
    WorkResolver,
    HistoryRecordedResolver,
    DelayLedgerResolver,
    DelayRecordedResolver,
    CityOverviewResolver,
    UserErrorResolver,
    PastAcceptanceResolver,
  ],
  extraProviders: [JudgedWorks],
  placesOf,
};

@Module({})
export class ProjectsModule {
  static with(config: ProjectsConfig): DynamicModule {
    return { module: ProjectsModule, ...serviceModule(projects, config) };
  }
}
