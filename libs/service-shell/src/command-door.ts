import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { type Grant, grantFor, type Policy, POLICY, type Principal } from '@tongchou/access';
import type { Tagged } from '@tongchou/kernel';
import { Unavailable, type CommandContext } from '@tongchou/event-store';
import type { Logger } from 'pino';
import { actorOf } from './actor-of.ts';
import type { CommandMeter } from './engine-metrics.ts';
import { answerFor } from './format-error.ts';
import { GRAPH_CODES } from './error-codes.ts';
import { forbiddenVerdict } from './forbidden.ts';
import type { BoundCommands, CommandTable, HandlerMaker, PreparedCommand } from './define-commands.ts';
import { inputFault } from './input-fault.ts';
import type { Places } from './places.ts';
import { invalid, verdictOf, type Verdict } from './verdict.ts';
import { wireFault } from './wire-fault.ts';

/** A command as it came through a door. */
export interface CommandRequest {
  /** The command's id: the same one again is the same command. */
  readonly idempotencyKey: string;
  readonly input: unknown;
  /** Refuse with CONFLICT unless the stream stands at this version. */
  readonly expectedVersion?: number;
  readonly principal: Principal;
  readonly correlationId: string;
  readonly traceparent?: string;
}

/** A command whose stream is known, and that waits to be decided. Running it never throws. */
export interface AdmittedCommand {
  readonly streamId: string;
  run(): Promise<Verdict>;
}

interface DoorOptions {
  readonly handlerOf: HandlerMaker;
  readonly places: Places;
  readonly log: Pick<Logger, 'error'>;
  readonly meter: CommandMeter;
  readonly policy: Policy | undefined;
}

const KEY = /^[\x21-\x7e]{1,200}$/;

/** The one way in for commands: mutations, the bulk door and policies run through it. Here it is decided who may send them. */
export class CommandDoor {
  readonly #tables: ReadonlyMap<string, { readonly table: CommandTable; readonly bound: BoundCommands }>;
  readonly #log: Pick<Logger, 'error'>;
  readonly #meter: CommandMeter;
  readonly #places: Places;
  readonly #policy: Policy;

  constructor(tables: readonly CommandTable[], { handlerOf, places, log, meter, policy }: DoorOptions) {
    this.#log = log;
    this.#meter = meter;
    this.#places = places;
    this.#policy = policy ?? POLICY;
    this.#tables = new Map(
      tables.flatMap((table) => {
        const bound = table.bind(handlerOf);
        return [...Object.keys(table.definitions), ...table.internal].map((name) => [name, { table, bound }] as const);
      }),
    );
  }

  /** Runs one command to its verdict. Never throws. */
  async run(name: string, request: CommandRequest): Promise<Verdict> {
    const admitted = this.admit(name, request);
    return 'run' in admitted ? admitted.run() : admitted;
  }

  /** Checks a command without deciding it: what is wrong with it, or a command that knows its stream. */
  admit(name: string, request: CommandRequest): AdmittedCommand | Verdict {
    const began = performance.now();
    const admitted = this.#check(name, request);
    const told = (verdict: Verdict): Verdict => {
      // A name that is no command here is the client's own text: it makes no label.
      this.#meter(this.#isPublic(name) ? name : 'unknown', verdict.status, (performance.now() - began) / 1_000);
      return verdict;
    };
    if (!('run' in admitted)) return told(admitted);
    return { streamId: admitted.streamId, run: async () => told(await admitted.run()) };
  }

  #isPublic(name: string): boolean {
    const entry = this.#tables.get(name);
    return entry !== undefined && Object.hasOwn(entry.table.definitions, name);
  }

  #check(name: string, request: CommandRequest): AdmittedCommand | Verdict {
    const entry = this.#tables.get(name);
    if (!entry || !this.#isPublic(name)) return this.#unknown(name);
    const grant = grantFor(request.principal, `command ${name}`, this.#policy);
    if (!grant) return forbiddenVerdict;
    if (!KEY.test(request.idempotencyKey)) {
      return invalid('idempotencyKey must be 1 to 200 visible ASCII characters', ['idempotencyKey']);
    }
    const input = withoutNulls(request.input);
    const fault = wireFault(input);
    if (fault) return invalid(`${fault.path.join('.') || 'the input'} ${fault.message}`, fault.path);
    const prepared = entry.bound.prepare(name, input);
    if ('issues' in prepared) return inputFault(prepared.issues);
    if (isAbove(request.principal, prepared)) return forbiddenVerdict;
    const context = contextOf(request, grant, prepared, input);
    return { streamId: prepared.streamId, run: () => this.#decideReached(entry.table, prepared, context, grant) };
  }

  /** Whoever does not reach the project learns neither whether it is known nor whether the key was used. */
  async #decideReached(
    table: CommandTable,
    prepared: PreparedCommand,
    context: CommandContext,
    { reach }: Grant,
  ): Promise<Verdict> {
    const { place, streamId } = prepared;
    try {
      if (!(await this.#places.reachedBy(reach, place))) return forbiddenVerdict;
    } catch (error) {
      return this.#faultVerdict(
        new Unavailable('The read model of places cannot be asked', { cause: error }),
        streamId,
        context,
      );
    }
    const verdict = await this.#decide(table, prepared, context);
    if (verdict.status === 'accepted' || verdict.status === 'repeated') this.#places.remember(place);
    return verdict;
  }

  /**
   * Runs a command of an own policy. Answers its verdict; the caller decides what a refusal means. The context comes from
   * the fact that is answered.
   */
  async runOwn(command: Tagged, context: Omit<CommandContext, 'input'>): Promise<Verdict> {
    const entry = this.#tables.get(command.type);
    if (!entry) throw new RangeError(`No aggregate declares the command ${command.type}: name it in its table`);
    const began = performance.now();
    const verdict = await this.#decide(entry.table, entry.bound.prepareOwn(command), { ...context, input: command });
    this.#meter(command.type, verdict.status, (performance.now() - began) / 1_000);
    return verdict;
  }

  #unknown(name: string): Verdict {
    const names = [...this.#tables.keys()].filter((one) => this.#isPublic(one)).join(', ');
    return invalid(`There is no command ${JSON.stringify(name.slice(0, 100))} here; there is ${names}`, ['command']);
  }

  async #decide(table: CommandTable, prepared: PreparedCommand, context: CommandContext): Promise<Verdict> {
    try {
      return verdictOf(await prepared.handle(context), table.refusals);
    } catch (error) {
      return this.#faultVerdict(error, prepared.streamId, context);
    }
  }

  #faultVerdict(error: unknown, streamId: string, context: CommandContext): Verdict {
    const { code, retryable } = answerFor(error);
    const { happened, remedy } = GRAPH_CODES[code];
    const message = `${happened} ${remedy}`;
    if (retryable) return { status: 'retry', code, message, streamId };
    // The expected version is not the current one: sending the same again never helps.
    if (code === 'CONFLICT') return { status: 'rejected', code, message, streamId };
    if (code === 'IDEMPOTENCY_MISMATCH') return { status: 'invalid', code, message, streamId };
    const faultId = randomUUID();
    const { commandId, correlationId } = context;
    this.#log.error({ err: error, faultId, commandId, correlationId, streamId }, 'command failed');
    return { status: 'failed', code: 'INTERNAL', message: `${happened} Fault ${faultId}.`, streamId };
  }
}

const isAbove = ({ amountLimit }: Principal, { amount }: PreparedCommand): boolean =>
  amountLimit !== undefined && amount !== undefined && amount > amountLimit;

function contextOf(request: CommandRequest, grant: Grant, prepared: PreparedCommand, input: unknown): CommandContext {
  const { expectedVersion, traceparent } = request;
  return {
    scope: request.principal.subject,
    commandId: request.idempotencyKey,
    input,
    actor: actorOf(request.principal, grant),
    correlationId: request.correlationId,
    ...(traceparent !== undefined && { traceparent }),
    ...(prepared.effectiveOn !== undefined && { effectiveOn: prepared.effectiveOn }),
    ...(expectedVersion !== undefined && { expectedVersion }),
  };
}

/** A null field is one that was not given: so a key means the same through GraphQL and through the bulk door. */
function withoutNulls(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input;
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null && value !== undefined));
}
