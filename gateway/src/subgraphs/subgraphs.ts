import { Subgraph } from './subgraph.ts';

/** The services behind the gateway, by name. */
export class Subgraphs {
  private readonly byName: ReadonlyMap<string, Subgraph>;

  constructor(urls: Readonly<Record<string, readonly string[]>>) {
    this.byName = new Map(Object.entries(urls).map(([name, list]) => [name, new Subgraph(name, list)]));
  }

  get(name: string): Subgraph | undefined {
    return this.byName.get(name);
  }

  /** Of each service, whether its last calls went well. */
  states(): Readonly<Record<string, 'up' | 'failing'>> {
    return Object.fromEntries([...this.byName].map(([name, one]) => [name, one.reachable ? 'up' : 'failing']));
  }

  /** Ends all connections; calls under way fail. To be called after the last request. */
  async close(): Promise<void> {
    await Promise.all([...this.byName.values()].map((one) => one.close()));
  }
}
