import { Args, Context, Mutation, Parent, ResolveField, Resolver, ResolveReference } from '@nestjs/graphql';
import { isUuid } from '@tongchou/kernel';
import {
  batched,
  dayField,
  defineCommands,
  GraphContext,
  idField,
  moneyField,
  Mutations,
  parameters,
  Reads,
  selectList,
  textField,
} from '@tongchou/service-shell';
import type { MutationInput, MutationPayload } from '@tongchou/service-shell';
import { z } from 'zod';
import { costSheetStream } from '../application/commands.ts';
import { costSheets } from '../read-models/cost-sheets.ts';
import type { CostSheetRow } from '../read-models/cost-sheets.ts';
import { modelsOf, ofReachedProjects } from './reached-projects.ts';

const projectId = idField('Project', 'The project: UUID v5 of register and reference.');

/** Every command is about a project that is there. */
const place = (input: { readonly projectId: string }) => ({ projectId: input.projectId });

const approved = z.strictObject({
  projectId,
  amount: moneyField('The ceiling of the total investment.'),
  approval: textField("The approver's reference.", 200),
});

/** What people, integrators and importers may ask of a cost sheet. */
export const costSheetCommands = defineCommands(
  {
    ...costSheetStream,
    refusals: {
      ProjectUnknown: {
        happened: 'Costs has not heard of project {projectId}.',
        remedy: 'If it was registered just now, send the same again a little later; else register it first.',
        zh: '成本服务尚未收到该项目。若刚刚登记，请稍后原样重发；否则请先登记项目。',
      },
      CostSheetClosed: {
        happened: 'The project was cancelled and its cost sheet closed: {reason}.',
        remedy: 'Nothing more is taken. Report to the project that replaces it, if there is one.',
        zh: '该项目已撤销，成本表已关闭，不再接受填报。如有替代项目，请向其填报。',
      },
      CeilingNotPositive: {
        happened: 'A ceiling must be above 0.',
        remedy: 'Give the approved amount.',
        zh: '批复概算必须大于零。请填写批复金额。',
      },
      CeilingNotSet: {
        happened: 'There is no approved ceiling that could be raised.',
        remedy: 'Set the ceiling first (SetCeiling), with the reference of its approval.',
        zh: '尚无批复概算，无法调增。请先设定批复概算并注明批复文号。',
      },
      CeilingAlreadySet: {
        happened: 'The ceiling was set before; it is set once.',
        remedy: "Raise it (RaiseCeiling), with the approver's reference.",
        zh: '批复概算已设定，只能设定一次。如有新的批复，请调增并注明批复文号。',
      },
      CeilingNotHigher: {
        happened: 'The ceiling that holds is not below this amount.',
        remedy: 'Give an amount above the ceiling that holds: a ceiling is only raised.',
        zh: '该金额不高于现行批复概算。批复概算只能调增，请填写更高的金额。',
      },
    },
  },
  {
    ReportBudget: {
      description: 'The budget that a register reports for a period. 0 or less is quarantined.',
      input: z.strictObject({
        projectId,
        period: dayField('The reporting period.'),
        amount: moneyField('The budget of the whole work.'),
      }),
      command: (input) => ({ type: 'ReportBudget', ...input }),
      place,
      effectiveOn: ({ period }) => period,
    },
    SetCeiling: {
      description: 'The approved ceiling of the total investment (批复概算). Once; later ones raise it.',
      input: approved,
      command: (input) => ({ type: 'SetCeiling', ...input }),
      place,
      amount: ({ amount }) => amount,
    },
    RaiseCeiling: {
      description: 'A higher approved ceiling.',
      input: approved,
      command: (input) => ({ type: 'RaiseCeiling', ...input }),
      place,
      amount: ({ amount }) => amount,
    },
  },
);

interface Project {
  readonly id: string;
}

interface CostSheetInput extends MutationInput {
  readonly projectId: string;
}

interface CostSheetPayload extends Omit<MutationPayload<CostSheetRow>, 'object'> {
  readonly costSheet: CostSheetRow | null;
}

/** `Project.costSheet`, and the commands of a cost sheet. */
@Resolver('Project')
export class CostSheetResolver {
  readonly #reads: Reads;
  readonly #mutations: Mutations;

  constructor(reads: Reads, mutations: Mutations) {
    this.#reads = reads;
    this.#mutations = mutations;
  }

  @ResolveReference()
  reference({ id }: Project): Project {
    return { id };
  }

  @ResolveField()
  costSheet(@Parent() { id }: Project, @Context() context: GraphContext): Promise<CostSheetRow | undefined> {
    return batched(context, costSheets.name, id, (ids) => this.#load(ids, context));
  }

  @Mutation()
  reportBudget(@Args('input') input: CostSheetInput, @Context() context: GraphContext): Promise<CostSheetPayload> {
    return this.#run('ReportBudget', input, context);
  }

  @Mutation()
  setCeiling(@Args('input') input: CostSheetInput, @Context() context: GraphContext): Promise<CostSheetPayload> {
    return this.#run('SetCeiling', input, context);
  }

  @Mutation()
  raiseCeiling(@Args('input') input: CostSheetInput, @Context() context: GraphContext): Promise<CostSheetPayload> {
    return this.#run('RaiseCeiling', input, context);
  }

  async #run(name: string, input: CostSheetInput, context: GraphContext): Promise<CostSheetPayload> {
    const { projectId } = input;
    const load = async () => (await this.#load([projectId], context)).get(projectId) ?? null;
    const { object, ...answer } = await this.#mutations.run(name, input, context, load);
    return { costSheet: object, ...answer };
  }

  /** Sheets of the projects that are reached. */
  async #load(ids: readonly string[], context: GraphContext): Promise<ReadonlyMap<string, CostSheetRow>> {
    const reach = context.reachFor('entity Project');
    const { values, bind } = parameters();
    const where = [
      `c.project_id = any(${bind(ids.filter(isUuid))}::uuid[])`,
      ...ofReachedProjects(reach, 'c.project_id', bind),
    ];
    const text = `select ${selectList(costSheets, 'c')} from rm.${costSheets.name} c where ${where.join(' and ')}`;
    const rows = await this.#reads.query(modelsOf(costSheets.name, reach), context, (db) =>
      db.query<CostSheetRow[]>(text, values),
    );
    return new Map(rows.map((row) => [row.projectId, row]));
  }
}
