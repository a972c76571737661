import type { Metrics } from '@tongchou/service-shell';

/** `gone`: the client went away before there was an answer. */
export type CallOutcome = 'answered' | 'timeout' | 'unavailable' | 'gone';

/** Tells how a call of a subgraph ended, and after how many seconds. */
export type CallMeter = (subgraph: string, outcome: CallOutcome, seconds: number) => void;

export function callMeter(metrics: Metrics): CallMeter {
  const took = metrics.histogram(
    'tongchou_gateway_subgraph_call_seconds',
    'A call of a subgraph, waiting for its turn included.',
  );
  return (subgraph, outcome, seconds) => took(seconds, { subgraph, outcome });
}
