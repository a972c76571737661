import { fileURLToPath } from 'node:url';
import { Module, type DynamicModule } from '@nestjs/common';
import { Args, Context, Mutation, Parent, Query, ResolveField, Resolver, ResolveReference } from '@nestjs/graphql';
import { POLICY, type Policy as Policies } from '@tongchou/access';
import { entityOf, uuidOf } from '@tongchou/event-store';
import { cents, reject, rejectForNow, type Decider, type Fact, type Policy, type ReadModel } from '@tongchou/kernel';
import { In } from 'typeorm';
import { z } from 'zod';
import { batched } from './batched.ts';
import { defineCommands } from './define-commands.ts';
import { moneyField, textField } from './fields.ts';
import { GraphContext } from './graph-context.ts';
import { Mutations, type MutationInput } from './mutations.ts';
import { Reads } from './reads.ts';
import { serviceModule } from './service-module.ts';
import type { ServiceParts } from './service-parts.ts';
import type { ServiceConfig } from './service-settings.ts';

export const SHELF_HOLDS = 3;

type ShelfCommand =
  | { readonly type: 'PutBook'; readonly shelf: string; readonly title: string; readonly district?: string | undefined }
  | { readonly type: 'BreakShelf'; readonly shelf: string };
interface ShelfEvent {
  readonly type: 'BookPut';
  readonly shelf: string;
  readonly title: string;
  readonly district?: string;
}

const decider = {
  streamType: 'Shelf',
  foldVersion: 1,
  initial: { titles: [] as readonly string[] },
  evolve: (state, event) => ({ titles: [...state.titles, event.title] }),
  decide: (command, { titles }) => {
    if (command.type === 'BreakShelf') throw new Error('a bug of the decider at 10.1.2.3');
    if (titles.includes(command.title)) return [];
    if (command.title === 'ordered') return rejectForNow('NotDelivered', {});
    if (titles.length === SHELF_HOLDS) return reject('ShelfFull', { holds: SHELF_HOLDS });
    const { shelf, title, district } = command;
    return [{ type: 'BookPut', shelf, title, ...(district !== undefined && { district }) }];
  },
} satisfies Decider<
  ShelfCommand,
  ShelfEvent,
  { readonly titles: readonly string[] },
  ReturnType<typeof reject<'ShelfFull', { holds: number }>> | ReturnType<typeof rejectForNow<'NotDelivered', object>>
>;

export const shelfId = (shelf: string): string => uuidOf('Shelf', shelf);

const placeless = (name: string) => ({ projectId: shelfId(name) });

const shelf = textField('Name of the shelf.', 100);

export const shelfCommands = defineCommands(
  {
    decider,
    streamOf: (command) => shelfId(command.shelf),
    refusals: {
      ShelfFull: { happened: 'The shelf holds {holds} books.', remedy: 'Take another shelf.', zh: '书架已满。' },
      NotDelivered: { happened: 'The book is not here yet.', remedy: 'Send it again later.', zh: '书尚未送达。' },
    },
  },
  {
    PutBook: {
      description: 'Puts a book on a shelf.',
      input: z.strictObject({
        shelf,
        title: textField('Title.', 200),
        district: textField('Where the shelf gets to stand.', 100).optional(),
        price: moneyField('What the book may cost.').optional(),
      }),
      command: ({ price: _, ...input }) => ({ type: 'PutBook', ...input }),
      place: ({ shelf: name, district }) =>
        district === undefined ? placeless(name) : { ...placeless(name), department: null, districts: [district] },
      amount: ({ price }) => price ?? cents(0),
    },
    BreakShelf: {
      description: 'Meets a bug.',
      input: z.strictObject({ shelf }),
      command: (input) => ({ type: 'BreakShelf', ...input }),
      place: ({ shelf: name }) => placeless(name),
    },
  },
);

interface ShelfRow {
  readonly id: string;
  readonly books: number;
  readonly district: string | null;
  readonly keptBy: string;
}

const shelves: ReadModel<ShelfRow, Fact<ShelfEvent>, 'id'> = {
  name: 'shelves',
  version: 1,
  columns: { id: 'uuid', books: 'integer', district: 'text?', keptBy: 'text' },
  primaryKey: ['id'],
  key: ({ source, streamId }) => (source === 'shelf' ? { id: streamId } : undefined),
  fold: (row, { streamId, event, metadata }) => ({
    id: streamId,
    books: (row?.books ?? 0) + 1,
    district: row?.district ?? event.district ?? null,
    keptBy: row?.keptBy ?? metadata.actor.subject,
  }),
};

/** A sheet that costs opens is worth a book. */
const booksOfCosts: Policy<Fact, ShelfCommand> = {
  name: 'books_of_costs',
  react: ({ source, event, streamId }) =>
    source === 'costs' && event.type === 'CostSheetOpened'
      ? [{ type: 'PutBook', shelf: 'costs', title: streamId }]
      : [],
};

@Resolver('Shelf')
class ShelfResolver {
  readonly #reads: Reads;
  readonly #mutations: Mutations;

  constructor(reads: Reads, mutations: Mutations) {
    this.#reads = reads;
    this.#mutations = mutations;
  }

  @Query()
  shelf(@Args('id') id: string, @Context() context: GraphContext): Promise<ShelfRow | undefined> {
    return this.#load(id, context);
  }

  @Query()
  fault(): never {
    throw new Error('select * from secrets at 10.1.2.3');
  }

  @ResolveReference()
  reference({ id }: { readonly id: string }): { readonly id: string } {
    return { id };
  }

  @ResolveField()
  async books(@Parent() { id }: { readonly id: string }, @Context() context: GraphContext): Promise<number> {
    return (await this.#load(id, context))?.books ?? 0;
  }

  @ResolveField()
  async keptBy(@Parent() { id }: { readonly id: string }, @Context() context: GraphContext): Promise<string | null> {
    const row = await this.#load(id, context);
    return row ? context.reveal('keptBy', id, row.keptBy) : null;
  }

  @Mutation()
  async putBook(
    @Args('input') input: MutationInput & { readonly shelf: string },
    @Context() context: GraphContext,
  ): Promise<object> {
    const { object, ...rest } = await this.#mutations.run('PutBook', input, context, (id) => this.#load(id, context));
    return { shelf: object, ...rest };
  }

  #load(id: string, context: GraphContext): Promise<ShelfRow | undefined> {
    return batched(context, 'shelves', id, async (ids) => {
      const rows = await this.#reads.query('shelves', context, (db) =>
        db.getRepository(entityOf(shelves)).findBy({ id: In([...ids]) }),
      );
      return new Map(rows.map((row) => [row.id, row]));
    });
  }
}

/** Who may do what with shelves; inspectors and auditors see who keeps one. */
const SHELF_POLICY: Policies = {
  'query shelf': { roles: ['director', 'inspector', 'auditor', 'integrator'] },
  'query fault': { roles: ['integrator'] },
  'entity Shelf': { roles: ['director', 'auditor', 'integrator'] },
  'field keptBy': { roles: ['inspector', 'auditor'] },
  'command PutBook': { roles: ['integrator', 'project-manager'] },
  'command BreakShelf': { roles: ['integrator'] },
  'route POST /v1/commands': { roles: ['integrator', 'project-manager', 'auditor'] },
};

export const shelfParts: ServiceParts = {
  name: 'shelf',
  aggregates: [shelfCommands],
  readModels: [shelves],
  policies: [booksOfCosts],
  listensTo: ['costs'],
  published: () => undefined,
  upcasters: {},
  schemaPath: fileURLToPath(new URL('./shelf.fixture.graphql', import.meta.url)),
  resolvers: [ShelfResolver],
  policy: { ...POLICY, ...SHELF_POLICY },
  placesOf: async (db, ids) => {
    const rows = await db.getRepository(entityOf(shelves)).findBy({ id: In([...ids]) });
    return new Map(
      rows.map(({ id, district }) => [
        id,
        { projectId: id, department: null, districts: district === null ? [] : [district] },
      ]),
    );
  },
};

@Module({})
export class ShelfModule {
  static with(config: ServiceConfig, parts: ServiceParts = shelfParts): DynamicModule {
    return { module: ShelfModule, ...serviceModule(parts, config) };
  }
}
