import { Args, Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import type { Reach } from '@tongchou/access';
import {
  batched,
  connectionOf,
  cursorOf,
  GraphContext,
  pageFrom,
  pagesOfMany,
  parameters,
  Reads,
} from '@tongchou/service-shell';
import type { Connection, OrderTerm, Page, PageArguments } from '@tongchou/service-shell';
import { projectHistory } from '../read-models/project-history.ts';
import type { HistoryRow } from '../read-models/project-history.ts';
import { modelsOf, ofReachedWorks } from './reached-works.ts';
import type { JudgedWork } from './works-query.ts';

interface History extends Connection<HistoryRow> {
  readonly projectId: string;
}

const term = (field: keyof HistoryRow, expression: string, type: OrderTerm['type']): OrderTerm => ({
  field,
  expression,
  type,
  descending: false,
  nullable: false,
});

/** In the order in which facts were recorded; the rest tells facts of one microsecond apart. */
const AS_RECORDED: readonly OrderTerm[] = [
  term('recordedAt', 'h.recorded_at', 'timestamptz'),
  term('source', 'h.source', 'text'),
  term('streamId', 'h.stream_id', 'uuid'),
  term('version', 'h.version', 'integer'),
];

const PAGES = { model: projectHistory, parent: 'project_id', order: AS_RECORDED };

const reachOf = (context: GraphContext): Reach => context.reachFor('entity Project');

/** `Project.history`: the same page of many projects is one statement. */
@Resolver('Project')
export class ProjectHistoryResolver {
  readonly #reads: Reads;

  constructor(reads: Reads) {
    this.#reads = reads;
  }

  @ResolveField()
  async history(
    @Parent() { projectId }: JudgedWork,
    @Args() asked: PageArguments,
    @Context() context: GraphContext,
  ): Promise<History> {
    const page = pageFrom(asked);
    const name = `${projectHistory.name} ${JSON.stringify(page)}`;
    const rows = await batched(context, name, projectId, (ids) => this.#pages(ids, page, context));
    return { ...connectionOf(rows ?? [], page, (row) => cursorOf(AS_RECORDED, row)), projectId };
  }

  async #pages(
    ids: readonly string[],
    page: Page,
    context: GraphContext,
  ): Promise<ReadonlyMap<string, readonly HistoryRow[]>> {
    const reach = reachOf(context);
    const { text, values } = pagesOfMany(PAGES, ids, page, (parent, bind) => ofReachedWorks(reach, parent, bind));
    const models = modelsOf(projectHistory.name, reach);
    const rows = await this.#reads.query(models, context, (db) => db.query<HistoryRow[]>(text, values));
    return Map.groupBy(rows, (row) => row.projectId);
  }
}

/** The count of a history, asked for or not computed. */
@Resolver('ProjectHistoryConnection')
export class ProjectHistoryCountResolver {
  readonly #reads: Reads;

  constructor(reads: Reads) {
    this.#reads = reads;
  }

  @ResolveField()
  async totalCount(@Parent() { projectId }: History, @Context() context: GraphContext): Promise<number> {
    const name = `${projectHistory.name} count`;
    return (await batched(context, name, projectId, (ids) => this.#counts(ids, context))) ?? 0;
  }

  async #counts(ids: readonly string[], context: GraphContext): Promise<ReadonlyMap<string, number>> {
    const reach = reachOf(context);
    const { values, bind } = parameters();
    const where = [`h.project_id = any(${bind(ids)}::uuid[])`, ...ofReachedWorks(reach, 'h.project_id', bind)];
    const text = `select h.project_id as id, count(*)::integer as facts from rm.project_history h
      where ${where.join(' and ')} group by 1`;
    const rows = await this.#reads.query(modelsOf(projectHistory.name, reach), context, (db) =>
      db.query<{ id: string; facts: number }[]>(text, values),
    );
    return new Map(rows.map(({ id, facts }) => [id, facts]));
  }
}
