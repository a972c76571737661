/** Why a subgraph gave no answer: its code in the closed list, and for the log only, what was seen. */
export class SubgraphFailure extends Error {
  override readonly name = 'SubgraphFailure';
  constructor(
    readonly code: 'SUBGRAPH_UNAVAILABLE' | 'SUBGRAPH_TIMEOUT',
    readonly service: string,
    /** May hold an address: it is logged and never answered. */
    readonly seen: string,
  ) {
    super(code === 'SUBGRAPH_TIMEOUT' ? `${service} did not answer in time.` : `${service} cannot be reached.`);
  }
}
