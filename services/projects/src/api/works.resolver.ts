import { Args, Context, Parent, Query, ResolveField, Resolver, ResolveReference } from '@nestjs/graphql';
import { connectionOf, cursorOf, GraphContext, pageFrom, Reads, ReferenceDate } from '@tongchou/service-shell';
import type { Connection, PageArguments } from '@tongchou/service-shell';
import { works } from '../read-models/works.ts';
import { JudgedWorks } from './judged-works.ts';
import { NOT_JUDGED, reasonInWords } from './light.ts';
import type { LightReason, LightState } from './light.ts';
import { countStatement, pageStatement } from './works-query.ts';
import type { JudgedWork, Viewpoint, WorkFilter, WorkOrder } from './works-query.ts';

interface WorksArguments extends PageArguments {
  readonly filter?: WorkFilter | null;
  readonly orderBy?: readonly WorkOrder[] | null;
}

interface WorkConnection extends Connection<JudgedWork> {
  readonly filter: WorkFilter;
}

interface Light {
  readonly state: LightState;
  readonly reasons: readonly { readonly code: LightReason; readonly message: string }[];
  readonly notJudged: readonly string[];
  readonly judgedOn: string;
}

const percentOf = ({ progress }: JudgedWork): number | null => (progress === null ? null : progress / 100);

/** The one table, page by page. */
@Resolver('WorkConnection')
export class WorksResolver {
  readonly #reads: Reads;
  readonly #referenceDate: ReferenceDate;

  constructor(reads: Reads, referenceDate: ReferenceDate) {
    this.#reads = reads;
    this.#referenceDate = referenceDate;
  }

  @Query()
  async works(
    @Args() { filter, orderBy, ...asked }: WorksArguments,
    @Context() context: GraphContext,
  ): Promise<WorkConnection> {
    const page = pageFrom(asked);
    const { text, values, terms } = pageStatement(filter ?? {}, orderBy, page, this.#viewpoint(context));
    const rows = await this.#reads.query(works.name, context, (db) => db.query<JudgedWork[]>(text, [...values]));
    return { ...connectionOf(rows, page, (row) => cursorOf(terms, row)), filter: filter ?? {} };
  }

  @ResolveField()
  async totalCount(@Parent() { filter }: WorkConnection, @Context() context: GraphContext): Promise<number> {
    const { text, values } = countStatement(filter, this.#viewpoint(context));
    const rows = await this.#reads.query(works.name, context, (db) => db.query<{ works: number }[]>(text, [...values]));
    return rows[0]?.works ?? 0;
  }

  #viewpoint(context: GraphContext): Viewpoint {
    return { referenceDate: this.#referenceDate.get(), reach: context.reachFor('query works') };
  }
}

/** A row of the table: as it is stored, with its light. */
@Resolver('Work')
export class WorkResolver {
  @ResolveField()
  project(@Parent() work: JudgedWork): JudgedWork {
    return work;
  }

  @ResolveField()
  percentComplete(@Parent() work: JudgedWork): number | null {
    return percentOf(work);
  }

  @ResolveField()
  light(@Parent() work: JudgedWork): Light {
    return {
      state: work.lightState,
      reasons: work.lightReasons.map((code) => ({ code, message: reasonInWords(code, work) })),
      notJudged: NOT_JUDGED,
      judgedOn: work.judgedOn,
    };
  }
}

/** A project: the same row, for those who come from elsewhere. */
@Resolver('Project')
export class ProjectReadsResolver {
  readonly #works: JudgedWorks;

  constructor(works: JudgedWorks) {
    this.#works = works;
  }

  @Query()
  project(@Args('id') id: string, @Context() context: GraphContext): Promise<JudgedWork | undefined> {
    return this.#works.one(id, 'query project', context);
  }

  @ResolveReference()
  async reference({ id }: { readonly id: string }, context: GraphContext): Promise<JudgedWork | null> {
    return (await this.#works.one(id, 'entity Project', context)) ?? null;
  }

  @ResolveField()
  id(@Parent() { projectId }: JudgedWork): string {
    return projectId;
  }

  @ResolveField()
  percentComplete(@Parent() work: JudgedWork): number | null {
    return percentOf(work);
  }

  @ResolveField()
  work(@Parent() work: JudgedWork): JudgedWork {
    return work;
  }
}
