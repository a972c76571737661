import { Inject } from '@nestjs/common';
import { Args, Context, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { Reach } from '@tongchou/access';
import type { IsoDate } from '@tongchou/kernel';
import { AnswerError, CONFIG, GraphContext, Reads, ReferenceDate } from '@tongchou/service-shell';
import { projectHistory } from '../read-models/project-history.ts';
import { works } from '../read-models/works.ts';
import { LIGHT_REASONS, LIGHT_STATES } from './light.ts';
import {
  factsStatement,
  groupsStatement,
  headlineStatement,
  registersStatement,
  unlistedStatement,
} from './overview-query.ts';
import type { Dimension, Group, Headline, Sums } from './overview-query.ts';
import { refuseUnstorable } from './works-query.ts';
import type { Statement } from './works-query.ts';

/** What the overview needs to know of the city. */
export interface OverviewSettings {
  readonly mainRegister?: string | undefined;
  /** The city's districts; none = no word is unlisted. */
  readonly districts: readonly string[];
}

interface Overview extends Omit<Headline, keyof SummedMoney>, SummedMoney {
  readonly register: string | null;
  readonly referenceDate: IsoDate;
}

interface FactCount {
  readonly source: string;
  readonly type: string;
  readonly direction: string | null;
  readonly facts: number;
}

interface SummedMoney {
  readonly baselineBudget: bigint | null;
  readonly currentBudget: bigint | null;
}

const whole = (digits: string | null): bigint | null => (digits === null ? null : BigInt(digits));

const moneyOf = ({ baselineBudget, currentBudget }: Sums): SummedMoney => ({
  baselineBudget: whole(baselineBudget),
  currentBudget: whole(currentBudget),
});

const lightsOf = ({ lights }: Pick<Sums, 'lights'>) =>
  LIGHT_STATES.map((state, index) => ({ state, works: lights[index] ?? 0 }));

const reachOf = (context: GraphContext): Reach => context.reachFor('query cityOverview');

/** 全市总览, as far as the one who asks reaches it, judged at the reference date. Each field is one statement, and only when it is asked for. */
@Resolver('CityOverview')
export class CityOverviewResolver {
  readonly #reads: Reads;
  readonly #referenceDate: ReferenceDate;
  readonly #settings: OverviewSettings;

  constructor(reads: Reads, referenceDate: ReferenceDate, @Inject(CONFIG) settings: OverviewSettings) {
    this.#reads = reads;
    this.#referenceDate = referenceDate;
    this.#settings = settings;
  }

  @Query()
  async cityOverview(
    @Args('register') asked: string | null | undefined,
    @Context() context: GraphContext,
  ): Promise<Overview> {
    refuseUnstorable(asked, ['register']);
    const register = asked ?? this.#settings.mainRegister ?? (await this.#onlyRegister(context));
    const referenceDate = this.#referenceDate.get();
    const viewpoint = { referenceDate, reach: reachOf(context) };
    // No work has a null register: without any, the same statement answers that there is nothing.
    const [headline] = await this.#rows<Headline>(headlineStatement(register, viewpoint), context);
    if (!headline) throw new Error('A sum without groups always answers one row');
    return { ...headline, ...moneyOf(headline), register, referenceDate };
  }

  @ResolveField()
  lights(@Parent() overview: Overview) {
    return lightsOf(overview);
  }

  @ResolveField()
  reasons(@Parent() { reasons }: Overview) {
    return LIGHT_REASONS.map((code, index) => ({ code, works: reasons[index] ?? 0 }));
  }

  @ResolveField()
  async groups(@Parent() overview: Overview, @Args('by') by: Dimension, @Context() context: GraphContext) {
    const { register, referenceDate } = overview;
    const statement = groupsStatement(register, by, { referenceDate, reach: reachOf(context) });
    const groups = await this.#rows<Group>(statement, context);
    return groups.map((group) => ({ ...group, ...moneyOf(group), lights: lightsOf(group) }));
  }

  @ResolveField()
  coverage(@Parent() overview: Overview, @Context() context: GraphContext) {
    const { works: all, silent, notLocated } = overview;
    const unlistedDistricts = (): Promise<string[]> => this.#unlisted(overview.register, context);
    return { reporting: all - silent, silent, notLocated, unlistedDistricts };
  }

  @ResolveField()
  facts(@Parent() { register }: Overview, @Context() context: GraphContext): Promise<FactCount[]> {
    return this.#rows(factsStatement(register, reachOf(context)), context, [works.name, projectHistory.name]);
  }

  async #onlyRegister(context: GraphContext): Promise<string | null> {
    const found = await this.#rows<{ register: string }>(registersStatement(reachOf(context)), context);
    if (found.length < 2) return found[0]?.register ?? null;
    const names = found.map(({ register }) => register).join(', ');
    throw new AnswerError('BAD_USER_INPUT', `There are several registers, name one of them: ${names}`, ['register']);
  }

  async #unlisted(register: string | null, context: GraphContext): Promise<string[]> {
    const { districts } = this.#settings;
    if (districts.length === 0) return [];
    const found = await this.#rows<{ word: string }>(unlistedStatement(register, districts, reachOf(context)), context);
    return found.map(({ word }) => word);
  }

  #rows<Row>({ text, values }: Statement, context: GraphContext, models = [works.name]): Promise<Row[]> {
    return this.#reads.query(models, context, (db) => db.query<Row[]>(text, [...values]));
  }
}
