import type { Caller } from '../access/caller.ts';
import type { SubgraphFailure } from '../subgraphs/subgraph-failure.ts';
import { mergeExtensions } from './merge-extensions.ts';

const REQUEST_BUDGET_MS = 10_000;
const FORWARDED = ['x-consistency-at-least', 'x-consistency-mode'] as const;

export type Extensions = Readonly<Record<string, unknown>>;
type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

interface Asked {
  readonly caller: Caller;
  readonly traceparent: string;
}

/** What the gateway knows of one client request: how long it may take, what goes along to the services, what they said beside their data. */
export class GraphRequest {
  /** By `performance.now()`: ten seconds after the request came. */
  readonly deadline = performance.now() + REQUEST_BUDGET_MS;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
  private readonly heard = new Map<string, Extensions[]>();
  private readonly headers: Readonly<Record<string, string>>;
  private readonly caller: Caller;
  private readonly onMissed: (failure: SubgraphFailure) => void;

  constructor(
    headers: Headers,
    { caller, traceparent }: Asked,
    signal: AbortSignal,
    onMissed: (failure: SubgraphFailure) => void,
  ) {
    const forwarded = FORWARDED.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : []));
    this.headers = { ...Object.fromEntries(forwarded), traceparent };
    this.caller = caller;
    this.signal = signal;
    this.onMissed = onMissed;
  }

  /** Sent along with a call of a subgraph: also who asks. */
  async headersFor(service: string): Promise<Readonly<Record<string, string>>> {
    return { ...this.headers, ...(await this.caller.headersFor(service)) };
  }

  /** Keeps what a service said beside its data. */
  hear(service: string, extensions: Extensions): void {
    this.heard.set(service, [...(this.heard.get(service) ?? []), extensions]);
  }

  /** A service gave no answer. */
  missed(failure: SubgraphFailure): void {
    this.onMissed(failure);
  }

  /** The services' extensions as one; `undefined` when none said anything. */
  extensions(): Extensions | undefined {
    return mergeExtensions(this.heard);
  }
}
