import type { Place } from '@tongchou/access';
import type { CommandContext, CommandHandler, CommandOutcome } from '@tongchou/event-store';
import type { Cents, Decider, IsoDate, Rejection, Tagged } from '@tongchou/kernel';
import type { core, output, ZodType } from 'zod';

/** One page of the error catalogue: what happened, what to do, and both in Chinese. */
export interface RefusalPage {
  readonly happened: string;
  readonly remedy: string;
  readonly zh: string;
}

/** One command as people send it: its input, and the command that the input means. */
export interface CommandDefinition<Input extends ZodType, Command extends Tagged> {
  /** Shown in the bulk door's OpenAPI. */
  readonly description: string;
  /** A strict object; each field with a description. `idempotencyKey` and `expectedVersion` are the door's, not its. */
  readonly input: Input;
  readonly command: (input: output<Input>) => Command;
  /** When it was true in the world, where the input says so. */
  readonly effectiveOn?: (input: output<Input>) => IsoDate | undefined;
  /** What it is about: a project that is known elsewhere, or, for a registration, the place that it gets. */
  readonly place: (input: output<Input>) => CommandPlace;
  /** What is decided on; refused above the principal's limit. */
  readonly amount?: (input: output<Input>) => Cents;
}

/** A project that is known elsewhere, the same with where the command moves it, or the place of a new one. */
export type CommandPlace = Pick<Place, 'projectId'> | Moved | Place;

/** What the command says anew of a known project's place; both the old and the new place must be reached. */
interface Moved extends Pick<Place, 'projectId'> {
  readonly becomes: Partial<Omit<Place, 'projectId'>>;
}

/** An aggregate as its commands need it. A code that its decider refuses with and that has no page does not compile. */
export interface Aggregate<Command extends Tagged, Event extends Tagged, State, Refusal extends Rejection> {
  readonly decider: Decider<Command, Event, State, Refusal>;
  /** The stream that decides. */
  readonly streamOf: (command: Command) => string;
  readonly refusals: Readonly<Record<Refusal['rejected'], RefusalPage>>;
  /** Commands that only policies send. */
  readonly internal?: readonly Command['type'][];
}

/** A parsed command that knows its stream and waits to be decided. */
export interface PreparedCommand {
  readonly streamId: string;
  readonly effectiveOn: IsoDate | undefined;
  readonly place: CommandPlace | undefined;
  readonly amount: Cents | undefined;
  handle(context: CommandContext): Promise<CommandOutcome>;
}

/** An aggregate's commands with a handler behind them. */
export interface BoundCommands {
  /** A named command's input, checked: the command, or what is wrong with the input. */
  prepare(name: string, input: unknown): PreparedCommand | { readonly issues: readonly core.$ZodIssue[] };
  /** A command that this service's own policy made. */
  prepareOwn(command: Tagged): PreparedCommand;
}

/** Makes a command handler for a decider: the store's, with its appender and codec. */
export type HandlerMaker = <Command extends Tagged, Event extends Tagged, State, Refusal extends Rejection>(
  decider: Decider<Command, Event, State, Refusal>,
) => CommandHandler<Command, State>;

/** An aggregate's commands, types inside: what doors, catalogues and policies need to know of them. */
export interface CommandTable {
  readonly streamType: string;
  readonly definitions: Readonly<Record<string, { readonly description: string; readonly input: ZodType }>>;
  readonly internal: readonly string[];
  readonly refusals: Readonly<Record<string, RefusalPage>>;
  bind(handlerOf: HandlerMaker): BoundCommands;
}

type Definitions<Inputs, Command extends Tagged> = {
  readonly [Name in keyof Inputs]: Inputs[Name] extends ZodType ? CommandDefinition<Inputs[Name], Command> : never;
};

/**
 * The commands of one aggregate as people, integrators and importers send them. The names are the mutations' and the bulk
 * door's: a name that is no command of the aggregate does not compile, nor does a refusal without a page.
 */
export function defineCommands<
  Command extends Tagged,
  Event extends Tagged,
  State,
  Refusal extends Rejection,
  Inputs extends { readonly [Name in Command['type']]?: ZodType },
>(aggregate: Aggregate<Command, Event, State, Refusal>, definitions: Definitions<Inputs, Command>): CommandTable {
  const byName: Readonly<Record<string, CommandDefinition<ZodType, Command>>> = definitions;
  return {
    streamType: aggregate.decider.streamType,
    definitions: byName,
    internal: aggregate.internal ?? [],
    refusals: aggregate.refusals,
    bind: (handlerOf) => bind(aggregate, byName, handlerOf(aggregate.decider)),
  };
}

function bind<Command extends Tagged, Event extends Tagged, State, Refusal extends Rejection>(
  aggregate: Aggregate<Command, Event, State, Refusal>,
  definitions: Readonly<Record<string, CommandDefinition<ZodType, Command>>>,
  handler: CommandHandler<Command, State>,
): BoundCommands {
  const prepared = (command: Command): PreparedCommand => {
    const streamId = aggregate.streamOf(command);
    const handle = (context: CommandContext): Promise<CommandOutcome> => handler.handle(streamId, command, context);
    return { streamId, effectiveOn: undefined, place: undefined, amount: undefined, handle };
  };
  return {
    prepare: (name, input) => {
      const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
      if (!definition) throw new RangeError(`${aggregate.decider.streamType} has no command ${name}`);
      const parsed = definition.input.safeParse(input, { reportInput: true });
      if (!parsed.success) return { issues: parsed.error.issues };
      const { data } = parsed;
      return {
        ...prepared(definition.command(data)),
        effectiveOn: definition.effectiveOn?.(data),
        place: definition.place(data),
        amount: definition.amount?.(data),
      };
    },
    // A policy is written against this aggregate's own command type; only its erased list loses it.
    prepareOwn: (command) => prepared(command as Command),
  };
}
