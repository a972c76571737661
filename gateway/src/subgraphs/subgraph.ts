import { errors } from 'undici';
import type { CallMeter } from './call-meter.ts';
import { Instances, type Instance } from './instances.ts';
import { SubgraphFailure } from './subgraph-failure.ts';
import { readReply, type SubgraphReply } from './subgraph-reply.ts';
import { Turnstile } from './turnstile.ts';

const CALL_TIMEOUT_MS = 2_500;
const MAX_IN_FLIGHT = 64;
const MAX_WAITING = 256;
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/** One call of a subgraph: what is asked, with which headers, until when. */
export interface SubgraphCall {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the client's request, by `performance.now()`. */
  readonly deadline: number;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

/** One service as the gateway calls it: bounded in time, in number and in size. */
export class Subgraph {
  private readonly instances: Instances;
  private readonly turnstile = new Turnstile(MAX_IN_FLIGHT, MAX_WAITING);

  constructor(
    readonly name: string,
    urls: readonly string[],
    private readonly meter: CallMeter = () => undefined,
  ) {
    this.instances = new Instances(urls);
  }

  /**
   * The subgraph's answer within 2.5 s or what is left of the request, whichever is less. When the connection failed it is
   * tried once more, on another instance where there is one; a mutation too: its key makes it the same command. Throws
   * `SubgraphFailure`.
   */
  async call(call: SubgraphCall): Promise<SubgraphReply> {
    const began = performance.now();
    const tell = (outcome: Parameters<CallMeter>[1]): void =>
      this.meter(this.name, outcome, (performance.now() - began) / 1_000);
    try {
      const reply = await this.bounded(call);
      tell('answered');
      return reply;
    } catch (error) {
      const late = error instanceof SubgraphFailure && error.code === 'SUBGRAPH_TIMEOUT';
      tell(call.signal.aborted ? 'gone' : late ? 'timeout' : 'unavailable');
      throw error;
    }
  }

  private async bounded(call: SubgraphCall): Promise<SubgraphReply> {
    const budgetMs = Math.min(CALL_TIMEOUT_MS, call.deadline - performance.now());
    if (budgetMs <= 0) throw new SubgraphFailure('SUBGRAPH_TIMEOUT', this.name, 'nothing left of the request');
    const timeout = AbortSignal.timeout(Math.ceil(budgetMs));
    const signal = AbortSignal.any([timeout, call.signal]);
    const leave = await this.turnstile.enter(signal).catch((error: unknown) => this.fail(error, timeout));
    if (!leave) throw new SubgraphFailure('SUBGRAPH_UNAVAILABLE', this.name, `more than ${MAX_WAITING} calls waiting`);
    try {
      return await this.attempt(call, signal, timeout);
    } finally {
      leave();
    }
  }

  /** Where the service runs, in the order in which to try; of `member` (from 1) alone when one is asked for. */
  origins(member?: number): readonly string[] {
    return member === undefined ? this.instances.inTurn() : [this.instances.origin(member) ?? []].flat();
  }

  /** Of each instance in the order of the setting, whether its breaker is open. */
  get open(): readonly boolean[] {
    return this.instances.open;
  }

  /** Whether some instance was not failing when it was last called. */
  get reachable(): boolean {
    return this.instances.reachable;
  }

  async close(): Promise<void> {
    await this.instances.close();
  }

  private async attempt(call: SubgraphCall, signal: AbortSignal, timeout: AbortSignal): Promise<SubgraphReply> {
    const first = this.pick();
    try {
      return await this.send(first, call, signal);
    } catch (error) {
      if (!isConnectionError(error)) return this.fail(error, timeout);
    }
    const second = this.pick(first);
    return this.send(second, call, signal).catch((error: unknown) => this.fail(error, timeout));
  }

  private pick(except?: Instance): Instance {
    const instance = this.instances.next(except);
    if (!instance) throw new SubgraphFailure('SUBGRAPH_UNAVAILABLE', this.name, 'failed before; not asked again yet');
    return instance;
  }

  private async send({ pool, breaker }: Instance, call: SubgraphCall, signal: AbortSignal): Promise<SubgraphReply> {
    try {
      const { statusCode, body } = await pool.request({
        path: '/graphql',
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json', ...call.headers },
        body: call.body,
        signal,
      });
      const reply = readReply(await text(body));
      if (!reply)
        throw new SubgraphFailure('SUBGRAPH_UNAVAILABLE', this.name, `HTTP ${statusCode} without a GraphQL answer`);
      if (disbelieves(reply))
        throw new SubgraphFailure(
          'SUBGRAPH_UNAVAILABLE',
          this.name,
          'it does not believe this gateway: see PRINCIPAL_KEYS',
        );
      breaker.succeeded();
      return reply;
    } catch (error) {
      if (call.signal.aborted) breaker.released();
      else breaker.failed();
      throw error;
    }
  }

  private fail(error: unknown, timeout: AbortSignal): never {
    if (error instanceof SubgraphFailure) throw error;
    const seen = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new SubgraphFailure(timeout.aborted ? 'SUBGRAPH_TIMEOUT' : 'SUBGRAPH_UNAVAILABLE', this.name, seen);
  }
}

/** The client has proven who it is; a service that wants it proven again has not the gateway's key, or another time. */
const disbelieves = ({ data, errors }: SubgraphReply): boolean =>
  !data && (errors ?? []).some(({ extensions }) => extensions?.['code'] === 'UNAUTHENTICATED');

async function text(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error(`an answer of more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

const BROKEN = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'];

/** There was no connection, or it broke. */
const isConnectionError = (error: unknown): boolean =>
  error instanceof errors.ConnectTimeoutError ||
  error instanceof errors.SocketError ||
  BROKEN.includes(String(codeOf(error)));
