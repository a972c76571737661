type Extensions = Readonly<Record<string, unknown>>;
type Heard = ReadonlyMap<string, readonly Extensions[]>;

/**
 * What the services said beside their data, as one: `freshness` by service (of several answers of one service the first,
 * which is the oldest), `consistency` as the worst of all with each service's own below, and the reference date.
 */
export function mergeExtensions(heard: Heard): Extensions | undefined {
  const freshness = byService(heard, 'freshness');
  const consistency = worstOf(heard);
  const [referenceDate] = [...heard.values()].flat().flatMap((one) => one['referenceDate'] ?? []);
  const merged = {
    ...(freshness && { freshness }),
    ...(consistency && { consistency }),
    ...(referenceDate !== undefined && { referenceDate }),
  };
  return Object.keys(merged).length > 0 ? merged : undefined;
}

function byService(heard: Heard, key: string): Extensions | undefined {
  const entries = [...heard].flatMap(([service, all]) => {
    const first = all.find((one) => one[key] !== undefined);
    return first ? [[service, first[key]] as const] : [];
  });
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

interface Consistency {
  readonly satisfied: boolean;
  readonly behindMs: number | null;
}

function worstOf(
  heard: Heard,
): (Consistency & { readonly services: Readonly<Record<string, Consistency>> }) | undefined {
  const services = [...heard].flatMap(([service, all]) => {
    const said = all.flatMap((one) => consistencyIn(one['consistency']) ?? []);
    return said.length > 0 ? [[service, worst(said)] as const] : [];
  });
  if (services.length === 0) return undefined;
  return { ...worst(services.map(([, one]) => one)), services: Object.fromEntries(services) };
}

const worst = (all: readonly Consistency[]): Consistency => ({
  satisfied: all.every(({ satisfied }) => satisfied),
  behindMs: all.reduce<number | null>(
    (most, { behindMs }) => (behindMs === null ? most : Math.max(most ?? 0, behindMs)),
    null,
  ),
});

function consistencyIn(value: unknown): Consistency | undefined {
  if (typeof value !== 'object' || value === null || !('satisfied' in value)) return undefined;
  const behindMs = 'behindMs' in value && typeof value.behindMs === 'number' ? value.behindMs : null;
  return { satisfied: value.satisfied === true, behindMs };
}
