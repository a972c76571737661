import { Args, Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { batched, connectionOf, cursorOf, GraphContext, pageFrom, pagesOfMany, Reads } from '@tongchou/service-shell';
import type { Connection, OrderTerm, Page, PageArguments } from '@tongchou/service-shell';
import { costHistory } from '../read-models/cost-history.ts';
import type { CostHistoryRow } from '../read-models/cost-history.ts';
import type { CostSheetRow } from '../read-models/cost-sheets.ts';
import { modelsOf, ofReachedProjects } from './reached-projects.ts';

interface CostHistory extends Connection<CostHistoryRow> {
  readonly totalCount: number;
}

const IN_ORDER: readonly OrderTerm[] = [
  { field: 'version', expression: 'h.version', type: 'integer', descending: false, nullable: false },
];

const PAGES = { model: costHistory, parent: 'project_id', order: IN_ORDER };

/** `CostSheet.history`: the same page of many sheets is one statement. */
@Resolver('CostSheet')
export class CostHistoryResolver {
  readonly #reads: Reads;

  constructor(reads: Reads) {
    this.#reads = reads;
  }

  @ResolveField()
  async history(
    @Parent() { projectId, version }: CostSheetRow,
    @Args() asked: PageArguments,
    @Context() context: GraphContext,
  ): Promise<CostHistory> {
    const page = pageFrom(asked);
    const name = `${costHistory.name} ${JSON.stringify(page)}`;
    const rows = await batched(context, name, projectId, (ids) => this.#pages(ids, page, context));
    // Every fact of the sheet stands in its history, so that the last one's version counts them.
    return { ...connectionOf(rows ?? [], page, (row) => cursorOf(IN_ORDER, row)), totalCount: version };
  }

  async #pages(
    ids: readonly string[],
    page: Page,
    context: GraphContext,
  ): Promise<ReadonlyMap<string, readonly CostHistoryRow[]>> {
    const reach = context.reachFor('entity Project');
    const { text, values } = pagesOfMany(PAGES, ids, page, (parent, bind) => ofReachedProjects(reach, parent, bind));
    const models = modelsOf(costHistory.name, reach);
    const rows = await this.#reads.query(models, context, (db) => db.query<CostHistoryRow[]>(text, values));
    return Map.groupBy(rows, (row) => row.projectId);
  }
}

/** Who said so: a person's name for whom the policy lets see it, the role for everybody. */
@Resolver('CostHistoryEntry')
export class CostHistoryEntryResolver {
  @ResolveField()
  recordedBy(@Parent() row: CostHistoryRow, @Context() context: GraphContext): string | null {
    return context.reveal('recordedBy', row.projectId, row.recordedBy);
  }

  @ResolveField()
  onBehalfOf(@Parent() row: CostHistoryRow, @Context() context: GraphContext): string | null {
    return row.onBehalfOf === null ? null : context.reveal('recordedBy', row.projectId, row.onBehalfOf);
  }
}
