import type { Policies, Runner, Store } from '@tongchou/event-store';
import { within, type BusTransport, type Receiver, type Relay, type WatchedBus } from '@tongchou/messaging';
import { Lasting } from './lasting.ts';
import { ROLES, type VitalSigns } from './vital-signs.ts';

const DATABASE_ANSWERS_WITHIN_MS = 1_000;
const UNLED_S = 15;
const STANDSTILL_S = 20;

/** How an instance is, reason by reason. */
export interface Readiness {
  /** Why it should get no requests while another instance is ready; none = ready. */
  readonly unready: readonly string[];
  /** What fails outside and is waited for: commands go on, and no other instance fares better. */
  readonly degraded: readonly string[];
}

/** What moves facts in one instance. */
export interface Moving {
  readonly runner: Runner;
  readonly policies: Policies;
  readonly relay: Relay;
  /** None where nobody is listened to. */
  readonly ears: { readonly receiver: Receiver; readonly transport: BusTransport } | undefined;
  readonly bus: Pick<WatchedBus, 'gave'>;
}

/** Whether the store's database answers at all. */
export function databaseTrouble(store: Pick<Store, 'pool'>): Promise<string[]> {
  return within(DATABASE_ANSWERS_WITHIN_MS, 'the database', store.pool.query('select 1')).then(
    () => [],
    () => ['database: it does not answer'],
  );
}

const told = (what: string, reason: string | undefined): string[] =>
  reason === undefined ? [] : [`${what}: ${reason}`];

const stopsOf = (what: string, parts: readonly { readonly name: string; readonly stopped?: string }[]): string[] =>
  parts.flatMap(({ name, stopped }) => told(`${what} ${name}`, stopped));

/** What this instance knows of itself at once: what has stopped and will not go on by itself, and what fails for now. */
export function partsNow({ runner, policies, relay, ears }: Moving): Readiness {
  const { stopped, trouble } = relay.status();
  const ear = earNow(ears);
  return {
    unready: [
      ...stopsOf('read model', runner.status().models),
      ...stopsOf('policy', policies.status().policies),
      ...told('relay', stopped),
      ...told('receiving', ear.stopped),
    ],
    degraded: [...told('relay', stopped === undefined ? trouble : undefined), ...told('receiving', ear.trouble)],
  };
}

/** Receiving stops by an alarm of its own or a handler that hangs; without a place in the group it waits for the bus. */
function earNow(ears: Moving['ears']): {
  readonly stopped?: string | undefined;
  readonly trouble?: string | undefined;
} {
  if (!ears) return {};
  const { stopped, trouble } = ears.receiver.status();
  const { healthy, alone, reason } = ears.transport.subscriptionStatus();
  if (stopped !== undefined || healthy) return { stopped, trouble };
  return alone ? { trouble: reason } : { stopped: reason ?? 'it has stopped' };
}

/** Judges what can only be seen over time. To be given each look at the vital signs. */
export class Watch {
  readonly #moving: Moving;
  readonly #lasting: Lasting;
  #heard = false;

  constructor(moving: Moving, lasting: Lasting = new Lasting()) {
    this.#moving = moving;
    this.#lasting = lasting;
  }

  judge(signs: VitalSigns): Readiness {
    return {
      unready: [
        ...signs.migrations.map((reason) => `migrations: ${reason}`),
        ...this.#unled(signs),
        ...this.#mutedRelay(signs),
        ...this.#standingReaders(signs, 'model'),
        ...this.#deafness(signs),
      ],
      degraded: this.#standingReaders(signs, 'policy'),
    };
  }

  #unled({ led }: VitalSigns): string[] {
    const roles = ROLES.filter((role) => role !== 'policies' || this.#moving.policies.status().policies.length > 0);
    return roles.flatMap((role) => {
      const seconds = this.#lasting.of(`unled ${role}`, !led.has(role));
      return seconds < UNLED_S ? [] : [`${role}: no instance has led it for ${Math.floor(seconds)} s`];
    });
  }

  /** A relay that leads and publishes nothing, though it is not the bus that keeps it from it. */
  #mutedRelay({ outbox }: VitalSigns): string[] {
    const { leading, trouble, stopped } = this.#moving.relay.status();
    const waitsForBus = trouble !== undefined && this.#moving.bus.gave(trouble);
    const waits = leading && stopped === undefined && !waitsForBus && outbox.facts > 0;
    const seconds = this.#lasting.standstill('relay', outbox.place, waits);
    if (seconds < STANDSTILL_S) return [];
    return [
      `relay: it has published nothing for ${Math.floor(seconds)} s, ${trouble ?? `${outbox.facts} events wait`}`,
    ];
  }

  #standingReaders({ readers }: VitalSigns, kind: 'model' | 'policy'): string[] {
    const served = new Map(this.#moving.runner.status().models.map(({ name, version }) => [name, version]));
    return readers.flatMap((reader) => {
      if (reader.kind !== kind) return [];
      // An old version serves, and does not move, while the new one is built.
      const current = kind === 'policy' || served.get(reader.name) === reader.version;
      const waits = current && reader.stopped === undefined && reader.facts > 0;
      const seconds = this.#lasting.standstill(`${kind} ${reader.name}`, reader.place, waits);
      if (seconds < STANDSTILL_S) return [];
      const what = kind === 'model' ? 'read model' : kind;
      return [`${what} ${reader.name}: it has not moved for ${Math.floor(seconds)} s, ${reader.facts} facts wait`];
    });
  }

  /** Messages wait, the bus answers, and nothing is received. One that never had a place in its group waits for the bus. */
  #deafness({ hearing }: VitalSigns): string[] {
    const { alone, assigned = [] } = this.#moving.ears?.transport.subscriptionStatus() ?? {};
    this.#heard ||= assigned.length > 0;
    const waitsForBus = alone === true && !this.#heard;
    return hearing.flatMap(({ source, place, waiting = 0 }) => {
      const seconds = this.#lasting.standstill(`hearing ${source}`, place, !waitsForBus && waiting > 0);
      if (seconds < STANDSTILL_S) return [];
      return [`receiving: nothing of ${source} for ${Math.floor(seconds)} s, ${waiting} messages wait`];
    });
  }
}
