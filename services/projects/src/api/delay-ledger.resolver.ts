import { Args, Context, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
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
import type { Connection, OrderTerm, PageArguments } from '@tongchou/service-shell';
import { delayLedger } from '../read-models/delay-ledger.ts';
import type { DelayRow } from '../read-models/delay-ledger.ts';

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
    const ofProject = `d.project_id = ${bind(known(projectId))}::uuid`;
    const { conditions, orderBy, limit } = keyset(IN_ORDER, page, bind);
    const text = `select ${selectList(delayLedger, 'd')} from rm.delay_ledger d
      where ${[ofProject, ...conditions].join(' and ')} order by ${orderBy} limit ${limit}`;
    const rows = await this.#rows<DelayRow>(text, values, context);
    return { ...connectionOf(rows, page, (row) => cursorOf(IN_ORDER, row)), projectId };
  }

  @ResolveField()
  async totalCount(@Parent() { projectId }: Delays, @Context() context: GraphContext): Promise<number> {
    const text = `select count(*)::integer as total from rm.delay_ledger d where d.project_id = $1::uuid`;
    return (await this.#rows<{ total: number }>(text, [known(projectId)], context))[0]?.total ?? 0;
  }

  @ResolveField()
  async totalDays(@Parent() { projectId }: Delays, @Context() context: GraphContext): Promise<number> {
    const text = `select coalesce(sum(d.days), 0)::integer as total from rm.delay_ledger d where d.project_id = $1::uuid`;
    return (await this.#rows<{ total: number }>(text, [known(projectId)], context))[0]?.total ?? 0;
  }

  #rows<Row>(text: string, values: readonly unknown[], context: GraphContext): Promise<Row[]> {
    return this.#reads.query(delayLedger.name, context, (db) => db.query<Row[]>(text, [...values]));
  }
}
