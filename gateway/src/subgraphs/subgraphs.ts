import type { CallMeter } from './call-meter.ts';
import { Subgraph } from './subgraph.ts';

/** The services behind the gateway, by name. */
export class Subgraphs {
  private readonly byName: ReadonlyMap<string, Subgraph>;

  constructor(urls: Readonly<Record<string, readonly string[]>>, meter?: CallMeter) {
    this.byName = new Map(Object.entries(urls).map(([name, list]) => [name, new Subgraph(name, list, meter)]));
  }

  get(name: string): Subgraph | undefined {
    return this.byName.get(name);
  }

  /** Of each service, whether its last calls went well. */
  states(): Readonly<Record<string, 'up' | 'failing'>> {
    return Object.fromEntries([...this.byName].map(([name, one]) => [name, one.reachable ? 'up' : 'failing']));
  }

  /** Every instance by its place in its service's setting, from 1, and whether calls are kept away from it. */
  breakers(): readonly { readonly subgraph: string; readonly member: string; readonly open: boolean }[] {
    return [...this.byName].flatMap(([subgraph, one]) =>
      one.open.map((open, at) => ({ subgraph, member: String(at + 1), open })),
    );
  }

  /** Ends all connections; calls under way fail. To be called after the last request. */
  async close(): Promise<void> {
    await Promise.all([...this.byName.values()].map((one) => one.close()));
  }
}
