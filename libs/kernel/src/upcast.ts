/** One step of an event's evolution: data of version v as data of version v + 1. Pure. */
export type Upcast = (data: object) => object;

/** For each event type that has changed: the step from version 1, from version 2, and so on. */
export type UpcasterChains = Readonly<Record<string, readonly Upcast[]>>;

/** The version that an event type is written in today: one more than the steps that lead to it. */
export function currentVersion(chains: UpcasterChains, type: string): number {
  return (Object.hasOwn(chains, type) ? (chains[type]?.length ?? 0) : 0) + 1;
}

/** Data of any known version as data of today's; `undefined` for a version that this code does not know. */
export function upcast(chains: UpcasterChains, type: string, version: number, data: object): object | undefined {
  const current = currentVersion(chains, type);
  if (!Number.isInteger(version) || version < 1 || version > current) return undefined;
  return (chains[type] ?? []).slice(version - 1).reduce<object>((older, step) => step(older), data);
}
