import { Args, Context, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { Reach } from '@tongchou/access';
import { isUuid } from '@tongchou/kernel';
import {
  connectionOf,
  cursorOf,
  GraphContext,
  keyset,
  pageFrom,
  parameters,
  Reads,
  selectList,
} from '@tongchou/service-shell';
import type { Bind, Connection, OrderTerm, PageArguments } from '@tongchou/service-shell';
import { delayLedger } from '../read-models/delay-ledger.ts';
import type { DelayRow } from '../read-models/delay-ledger.ts';
import { modelsOf, ofReachedWorks } from './reached-works.ts';

interface Delays extends Connection<DelayRow> {
  readonly projectId: string;
}

interface DelaysArguments extends PageArguments {
  readonly projectId: string;
}

const IN_ORDER: readonly OrderTerm[] = [
  { field: 'version', expression: 'd.version', type: 'integer', descending: false, nullable: false },
];

const known = (projectId: string): string | null => (isUuid(projectId) ? projectId : null);

const reachOf = (context: GraphContext): Reach => context.reachFor('query delayLedger');

/** Slips `d` of the project, as far as it is reached: a project out of reach has as many as one that nobody named. */
const slipsOf = (projectId: string, reach: Reach, bind: Bind): readonly string[] => [
  `d.project_id = ${bind(known(projectId))}::uuid`,
  ...ofReachedWorks(reach, 'd.project_id', bind),
];

/** 延误台账 of one project. */
@Resolver('DelayConnection')
export class DelayLedgerResolver {
  readonly #reads: Reads;

  constructor(reads: Reads) {
    this.#reads = reads;
  }

  @Query()
  async delayLedger(
    @Args() { projectId, ...asked }: DelaysArguments,
    @Context() context: GraphContext,
  ): Promise<Delays> {
    const page = pageFrom(asked);
    const { values, bind } = parameters();
    const slips = slipsOf(projectId, reachOf(context), bind);
    const { conditions, orderBy, limit } = keyset(IN_ORDER, page, bind);
    const text = `select ${selectList(delayLedger, 'd')} from rm.delay_ledger d
      where ${[...slips, ...conditions].join(' and ')} order by ${orderBy} limit ${limit}`;
    const rows = await this.#rows<DelayRow>(text, values, context);
    return { ...connectionOf(rows, page, (row) => cursorOf(IN_ORDER, row)), projectId };
  }

  @ResolveField()
  totalCount(@Parent() { projectId }: Delays, @Context() context: GraphContext): Promise<number> {
    return this.#total('count(*)', projectId, context);
  }

  @ResolveField()
  totalDays(@Parent() { projectId }: Delays, @Context() context: GraphContext): Promise<number> {
    return this.#total('coalesce(sum(d.days), 0)', projectId, context);
  }

  async #total(what: string, projectId: string, context: GraphContext): Promise<number> {
    const { values, bind } = parameters();
    const slips = slipsOf(projectId, reachOf(context), bind).join(' and ');
    const text = `select ${what}::integer as total from rm.delay_ledger d where ${slips}`;
    return (await this.#rows<{ total: number }>(text, values, context))[0]?.total ?? 0;
  }

  #rows<Row>(text: string, values: readonly unknown[], context: GraphContext): Promise<Row[]> {
    const models = modelsOf(delayLedger.name, reachOf(context));
    return this.#reads.query(models, context, (db) => db.query<Row[]>(text, [...values]));
  }
}
