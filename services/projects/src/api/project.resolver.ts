import { Args, Context, Mutation, Resolver } from '@nestjs/graphql';
import { projectIdOf, TEXT_LIMITS, writtenPlace } from '@tongchou/contracts';
import { dayField, defineCommands, GraphContext, idField, Mutations, textField } from '@tongchou/service-shell';
import type { MutationInput, MutationPayload } from '@tongchou/service-shell';
import { z } from 'zod';
import { projectStream } from '../application/commands.ts';
import { PHASES } from '../domain/phase.ts';
import type { ReportedPhase } from '../domain/phase.ts';
import { DELAY_REASONS } from '../domain/progress-report.ts';
import { phaseCode } from '../read-models/phase-code.ts';
import { JudgedWorks } from './judged-works.ts';
import type { JudgedWork } from './works-query.ts';

const projectId = idField('Project', 'The project: UUID v5 of register and reference.');
const reason = textField('Why.', 500);

/** Most commands are about a project that is there. */
const place = (input: { readonly projectId: string }) => ({ projectId: input.projectId });

/** Words of a register; an empty text is the same as none. */
const wordsField = (about: string, max: number) =>
  z.string('must be a text').max(max, `must be at most ${max} characters`).describe(about);

const details = {
  description: wordsField('What is built.', TEXT_LIMITS.description),
  projectType: wordsField("The register's categories, parted by a comma and a space.", TEXT_LIMITS.projectType),
  managingDepartment: wordsField('The managing department.', TEXT_LIMITS.department),
  clientDepartment: wordsField('The department that the work is for.', TEXT_LIMITS.department),
  districts: wordsField('Districts, parted by a comma and a space.', TEXT_LIMITS.districts),
};

const reportedPhases = PHASES.filter((phase): phase is ReportedPhase => phase !== 'Cancelled');

const percentField = z
  .number('must be a number from 0 to 100')
  .min(0, 'must be 0 to 100')
  .max(100, 'must be 0 to 100')
  .refine((percent) => Math.abs(percent * 100 - Math.round(percent * 100)) < 1e-6, 'has at most two places')
  .describe('Completed share of the works, cumulative, at most two places.');

/** What people, integrators and importers may ask of a project. */
export const projectCommands = defineCommands(
  {
    ...projectStream,
    refusals: {
      ProjectNotRegistered: {
        happened: 'No register has named the project {projectId}.',
        remedy: 'Register it first (RegisterProject).',
        zh: '该项目尚未登记。请先登记项目（RegisterProject）。',
      },
      ProjectReferenceTaken: {
        happened: 'Another project has the reference {reference} in the register {register}.',
        remedy: 'Check register and reference: together they name one project.',
        zh: '该登记册中的此编号已属于另一项目。请核对登记册与编号。',
      },
      ProjectCancelled: {
        happened: 'The project was cancelled: {reason}.',
        remedy: 'Nothing new is taken. Report to the project that replaces it, if there is one.',
        zh: '该项目已撤销，不再接受新的填报。如有替代项目，请向其填报。',
      },
      PastAcceptance: {
        happened: 'The project is {phase}: it was accepted, and cannot be cancelled any more.',
        remedy: 'If the phase is wrong, let its register report the right one first.',
        zh: '该项目已竣工验收，不能撤销。若阶段有误，请先由登记册更正。',
      },
      ProjectCodeMalformed: {
        happened: 'The project code {code} does not have its form.',
        remedy: 'Give 24 characters of the form {form}.',
        zh: '项目代码格式有误。请按 24 位格式填写。',
      },
      ProjectCodeTaken: {
        happened: 'Another project has the project code {code}.',
        remedy: 'Check the code: it is unique for life.',
        zh: '该项目代码已属于另一项目。项目代码终身唯一，请核对。',
      },
      ProjectHasAnotherCode: {
        happened: 'The project has the project code {code}, for life.',
        remedy: 'Use that code.',
        zh: '该项目已有项目代码且终身不变，请使用原代码。',
      },
      ProgressFalls: {
        happened: 'The completed share would fall from {from} % to {to} %.',
        remedy: 'If it was too high before, say why (correction).',
        zh: '完成比例不得下降。若此前填报过高，请说明更正原因（correction）。',
      },
    },
  },
  {
    RegisterProject: {
      description: 'A register names a work, once. The id of the project is the UUID v5 of register and reference.',
      input: z.strictObject({
        register: textField('The register that keeps the work.', 200),
        reference: textField("The register's own key of the work.", TEXT_LIMITS.reference),
        name: textField('The name of the work.', TEXT_LIMITS.name),
        description: details.description.default(''),
        projectType: details.projectType.default(''),
        managingDepartment: details.managingDepartment.default(''),
        clientDepartment: details.clientDepartment.default(''),
        districts: details.districts.default(''),
        registeredOn: dayField('The period that first names the work.'),
      }),
      command: (input) => ({
        type: 'RegisterProject',
        projectId: projectIdOf(input.register, input.reference),
        ...input,
      }),
      place: (input) => ({
        projectId: projectIdOf(input.register, input.reference),
        department: null,
        districts: [],
        ...writtenPlace(input),
      }),
      effectiveOn: ({ registeredOn }) => registeredOn,
    },
    ReportProgress: {
      description: "A register's report of a period. What is left out was not reported; what is new is found here.",
      input: z.strictObject({
        projectId,
        period: dayField('The reporting period.'),
        phase: z
          .strictObject({
            word: textField("The register's own word.", TEXT_LIMITS.phaseWord),
            phase: z.enum(reportedPhases).describe('What the word means here; Other when nothing does.'),
          })
          .optional(),
        finish: dayField('The finish now forecast.').optional(),
        reason: z.enum(DELAY_REASONS).describe('Why the finish moved.').optional(),
        designStart: dayField('When design started.').optional(),
        percentComplete: percentField.optional(),
        correction: textField('Why the completed share falls.', 500).optional(),
      }),
      command: (input) => ({ type: 'ReportProgress', ...input }),
      place,
      effectiveOn: ({ period }) => period,
    },
    ConfirmStatus: {
      description: 'Nothing is new in a period (零报告): the same as a report without values.',
      input: z.strictObject({ projectId, period: dayField('The reporting period.') }),
      command: (input) => ({ type: 'ConfirmStatus', ...input }),
      place,
      effectiveOn: ({ period }) => period,
    },
    CorrectProject: {
      description: 'What was said of a project in words was wrong. What is left out stays; an empty text takes away.',
      input: z.strictObject({
        projectId,
        details: z
          .strictObject({
            name: textField('The name of the work.', TEXT_LIMITS.name).optional(),
            ...z.object(details).partial().shape,
          })
          .refine((given) => Object.keys(given).length > 0, 'must name what is to be put right'),
        reason,
      }),
      command: (input) => ({ type: 'CorrectProject', ...input }),
      // Nobody moves a work out of or into what they do not reach.
      place: (input) => ({ projectId: input.projectId, becomes: writtenPlace(input.details) }),
    },
    AssignProjectCode: {
      description: 'The project code (项目代码), unique for life.',
      input: z.strictObject({ projectId, code: textField('24 characters with hyphens.', 100) }),
      command: (input) => ({ type: 'AssignProjectCode', ...input }),
      place,
    },
    CancelProject: {
      description: 'A work will not be built. It stays visible; its cost sheet is closed.',
      input: z.strictObject({ projectId, reason }),
      command: (input) => ({ type: 'CancelProject', ...input }),
      place,
    },
  },
);

interface ProjectPayload extends Omit<MutationPayload<JudgedWork>, 'object'> {
  readonly project: JudgedWork | null;
}

interface ReportInput extends MutationInput {
  readonly phase?: { readonly word: string; readonly phase: string } | null;
}

/** The graph's word for a phase as commands write it: `UNDER_CONSTRUCTION` is `UnderConstruction`. */
const PHASE_OF_CODE: ReadonlyMap<string, string> = new Map(PHASES.map((phase) => [phaseCode(phase), phase]));

const inCommandWords = ({ phase, ...input }: ReportInput): ReportInput =>
  phase ? { ...input, phase: { ...phase, phase: PHASE_OF_CODE.get(phase.phase) ?? phase.phase } } : input;

/** The commands of a project. */
@Resolver('Project')
export class ProjectResolver {
  readonly #works: JudgedWorks;
  readonly #mutations: Mutations;

  constructor(works: JudgedWorks, mutations: Mutations) {
    this.#works = works;
    this.#mutations = mutations;
  }

  @Mutation()
  registerProject(@Args('input') input: MutationInput, @Context() context: GraphContext): Promise<ProjectPayload> {
    return this.#run('RegisterProject', input, context);
  }

  @Mutation()
  reportProgress(@Args('input') input: ReportInput, @Context() context: GraphContext): Promise<ProjectPayload> {
    return this.#run('ReportProgress', inCommandWords(input), context);
  }

  @Mutation()
  confirmStatus(@Args('input') input: MutationInput, @Context() context: GraphContext): Promise<ProjectPayload> {
    return this.#run('ConfirmStatus', input, context);
  }

  @Mutation()
  correctProject(@Args('input') input: MutationInput, @Context() context: GraphContext): Promise<ProjectPayload> {
    return this.#run('CorrectProject', input, context);
  }

  @Mutation()
  assignProjectCode(@Args('input') input: MutationInput, @Context() context: GraphContext): Promise<ProjectPayload> {
    return this.#run('AssignProjectCode', input, context);
  }

  @Mutation()
  cancelProject(@Args('input') input: MutationInput, @Context() context: GraphContext): Promise<ProjectPayload> {
    return this.#run('CancelProject', input, context);
  }

  async #run(name: string, input: MutationInput, context: GraphContext): Promise<ProjectPayload> {
    const load = async (id: string) => (await this.#works.byIds([id], 'entity Project', context)).get(id) ?? null;
    const { object, ...answer } = await this.#mutations.run(name, input, context, load);
    return { project: object, ...answer };
  }
}
