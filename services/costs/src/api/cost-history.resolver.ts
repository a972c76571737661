import { Args, Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { entityOf } from '@tongchou/event-store';
import { batched, GraphContext, Reads } from '@tongchou/service-shell';
import { Between } from 'typeorm';
import { costHistory } from '../read-models/cost-history.ts';
import type { CostHistoryRow } from '../read-models/cost-history.ts';
import type { CostSheetRow } from '../read-models/cost-sheets.ts';
import { cursorOf, pageOf } from './history-page.ts';
import type { PageArguments } from './history-page.ts';

interface CostHistoryConnection {
  readonly totalCount: number;
  readonly nodes: readonly CostHistoryRow[];
  readonly edges: readonly { readonly cursor: string; readonly node: CostHistoryRow }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

function connection(total: number, nodes: readonly CostHistoryRow[]): CostHistoryConnection {
  const edges = nodes.map((node) => ({ cursor: cursorOf(node.version), node }));
  const [start, end] = [edges[0], edges.at(-1)];
  return {
    totalCount: total,
    nodes,
    edges,
    pageInfo: {
      hasPreviousPage: start !== undefined && start.node.version > 1,
      hasNextPage: end !== undefined && end.node.version < total,
      startCursor: start?.cursor ?? null,
      endCursor: end?.cursor ?? null,
    },
  };
}

/** `CostSheet.history`: the pages of all sheets in an answer are one SQL. */
@Resolver('CostSheet')
export class CostHistoryResolver {
  readonly #reads: Reads;

  constructor(reads: Reads) {
    this.#reads = reads;
  }

  @ResolveField()
  async history(
    @Parent() { projectId, version }: CostSheetRow,
    @Args() page: PageArguments,
    @Context() context: GraphContext,
  ): Promise<CostHistoryConnection> {
    const { from, to } = pageOf(version, page);
    const key = JSON.stringify([projectId, from, to]);
    const rows = await batched(context, costHistory.name, key, (keys) => this.#load(keys, context));
    return connection(version, rows ?? []);
  }

  async #load(keys: readonly string[], context: GraphContext): Promise<ReadonlyMap<string, readonly CostHistoryRow[]>> {
    const pages = keys.map((key) => {
      const [projectId, from, to]: [string, number, number] = JSON.parse(key);
      return { key, projectId, from, to };
    });
    const rows = await this.#reads.query(costHistory.name, context, (db) =>
      db.getRepository(entityOf(costHistory)).find({
        where: pages.map(({ projectId, from, to }) => ({ projectId, version: Between(from, to) })),
        order: { version: 'ASC' },
      }),
    );
    const ofProject = Map.groupBy(rows, (row) => row.projectId);
    return new Map(
      pages.map(({ key, projectId, from, to }) => [
        key,
        (ofProject.get(projectId) ?? []).filter(({ version }) => version >= from && version <= to),
      ]),
    );
  }
}
