import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Actor, Tagged } from '@tongchou/kernel';
import type { CommandContext } from '@tongchou/event-store';
import type { Logger } from 'pino';
import type { CommandMeter } from './engine-metrics.ts';
import { answerFor } from './format-error.ts';
import { GRAPH_CODES } from './error-codes.ts';
import type { BoundCommands, CommandTable, HandlerMaker, PreparedCommand } from './define-commands.ts';
import { inputFault } from './input-fault.ts';
import { invalid, verdictOf, type Verdict } from './verdict.ts';
import { wireFault } from './wire-fault.ts';

/** A command as it came through a door. */
export interface CommandRequest {
  /** The command's id: the same one again is the same command. */
  readonly idempotencyKey: string;
  readonly input: unknown;
  /** Refuse with CONFLICT unless the stream stands at this version. */
  readonly expectedVersion?: number;
  readonly actor: Actor;
  readonly correlationId: string;
  readonly traceparent?: string;
}

/** A command whose stream is known, and that waits to be decided. Running it never throws. */
export interface AdmittedCommand {
  readonly streamId: string;
  run(): Promise<Verdict>;
}

const KEY = /^[\x21-\x7e]{1,200}$/;

/** The one way in for commands: mutations, the bulk door and policies run through it. */
export class CommandDoor {
  readonly #tables: ReadonlyMap<string, { readonly table: CommandTable; readonly bound: BoundCommands }>;
  readonly #log: Pick<Logger, 'error'>;
  readonly #meter: CommandMeter;

  constructor(
    tables: readonly CommandTable[],
    handlerOf: HandlerMaker,
    log: Pick<Logger, 'error'>,
    meter: CommandMeter = () => undefined,
  ) {
    this.#log = log;
    this.#meter = meter;
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
    if (!KEY.test(request.idempotencyKey)) {
      return invalid('idempotencyKey must be 1 to 200 visible ASCII characters', ['idempotencyKey']);
    }
    const input = withoutNulls(request.input);
    const fault = wireFault(input);
    if (fault) return invalid(`${fault.path.join('.') || 'the input'} ${fault.message}`, fault.path);
    const prepared = entry.bound.prepare(name, input);
    if ('issues' in prepared) return inputFault(prepared.issues);
    const context = contextOf(request, prepared, input);
    return { streamId: prepared.streamId, run: () => this.#decide(entry.table, prepared, context) };
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
    const known = [...this.#tables].filter(([one, { table }]) => Object.hasOwn(table.definitions, one));
    const names = known.map(([one]) => one).join(', ');
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

function contextOf(request: CommandRequest, prepared: PreparedCommand, input: unknown): CommandContext {
  const { expectedVersion, traceparent } = request;
  return {
    scope: request.actor.subject,
    commandId: request.idempotencyKey,
    input,
    actor: request.actor,
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
