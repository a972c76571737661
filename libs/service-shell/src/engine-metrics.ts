import type { Store, StoreMeters } from '@tongchou/event-store';
import type { Engine } from './engine.ts';
import type { Figure, Metrics } from './metrics.ts';
import type { Verdict } from './verdict.ts';
import { ROLES, type VitalSigns } from './vital-signs.ts';

/** What the write side tells while it works. */
export function storeMeters(metrics: Metrics): StoreMeters {
  const events = metrics.counter('tongchou_append_events_total', 'Events stored by this instance.');
  const append = metrics.histogram('tongchou_append_seconds', 'One append statement, of one or many commands.');
  const conflicts = metrics.counter(
    'tongchou_append_conflicts_total',
    'Batches of commands decided again because another instance had changed their stream.',
  );
  const waits = metrics.counter(
    'tongchou_gate_waits_total',
    'Commands that waited while others of their stream were decided.',
  );
  const waited = metrics.histogram('tongchou_gate_wait_seconds', 'The longest such wait of each batch.');
  return {
    appended(count, seconds) {
      events(count);
      append(seconds);
    },
    conflicted: () => conflicts(),
    waited(count, seconds) {
      waits(count);
      waited(seconds);
    },
  };
}

/** Tells a command's verdict and how long it took. `command` is a name of the service's own list, never what a client wrote. */
export type CommandMeter = (command: string, status: Verdict['status'], seconds: number) => void;

export function commandMeter(metrics: Metrics): CommandMeter {
  const took = metrics.histogram('tongchou_command_seconds', 'A command from its door to its verdict.');
  return (command, outcome, seconds) => took(seconds, { command, outcome });
}

const flag = (value: boolean): number => (value ? 1 : 0);

/** What can be read off a running engine: live statuses at each scrape, vital signs as last looked at. */
export function observeEngine(metrics: Metrics, engine: Engine): void {
  observeState(metrics, engine);
  observeReaders(metrics, engine);
  observeBus(metrics, engine);
  observePools(metrics, { main: engine.store.pool, hot: engine.store.hotPool });
}

function observeState(metrics: Metrics, engine: Engine): void {
  metrics.gauge('tongchou_ready', '1 when /health/ready last said ready.', () => [
    { value: flag(engine.signs !== undefined && engine.seen().unready.length === 0) },
  ]);
  metrics.gauge('tongchou_degraded', '1 when something outside fails and is waited for.', () => [
    { value: flag(engine.seen().degraded.length > 0) },
  ]);
  metrics.gauge('tongchou_leading', '1 where this instance leads the role.', () =>
    ROLES.map((role) => ({ value: flag(engine.leads(role)), labels: { role } })),
  );
}

function observeReaders(metrics: Metrics, engine: Engine): void {
  const readers =
    (kind: 'model' | 'policy', figure: (reader: VitalSigns['readers'][number]) => number) => (): Figure[] =>
      (engine.signs?.readers ?? [])
        .filter((reader) => reader.kind === kind && engine.parts(kind).includes(reader.name))
        .map((reader) => ({ value: figure(reader), labels: { [kind]: reader.name } }));
  const lag = ({ oldestSeconds }: VitalSigns['readers'][number]): number => oldestSeconds;
  metrics.gauge(
    'tongchou_read_model_position',
    'Transaction number below which everything is folded into the read model.',
    readers('model', ({ position }) => position),
  );
  metrics.gauge(
    'tongchou_read_model_lag_seconds',
    'How long the oldest fact has waited that is not in the read model; 0 when none waits.',
    readers('model', lag),
  );
  metrics.gauge(
    'tongchou_read_model_stopped',
    '1 when the read model has stopped: its fold fails on a fact.',
    readers('model', ({ stopped }) => flag(stopped !== undefined)),
  );
  metrics.gauge(
    'tongchou_policy_lag_seconds',
    'How long the oldest fact has waited that the policy has not answered; 0 when none waits.',
    readers('policy', lag),
  );
  metrics.gauge(
    'tongchou_policy_stopped',
    '1 when the policy has stopped: it fails on a fact.',
    readers('policy', ({ stopped }) => flag(stopped !== undefined)),
  );
}

function observeBus(metrics: Metrics, engine: Engine): void {
  const ofSources =
    (figures: (signs: VitalSigns) => readonly { readonly source: string; readonly value: number | undefined }[]) =>
    (): Figure[] =>
      (engine.signs ? figures(engine.signs) : []).flatMap(({ source, value }) =>
        value === undefined ? [] : [{ value, labels: { source } }],
      );
  const outbox = (figure: 'facts' | 'oldestSeconds') => (): Figure[] =>
    engine.signs ? [{ value: engine.signs.outbox[figure] }] : [];
  metrics.gauge(
    'tongchou_outbox_events',
    'Own events that the bus has not acknowledged; an upper bound above 10,000.',
    outbox('facts'),
  );
  metrics.gauge(
    'tongchou_outbox_age_seconds',
    'How long the oldest of them has waited; 0 when none waits.',
    outbox('oldestSeconds'),
  );
  metrics.gauge(
    'tongchou_receive_lag_messages',
    'Messages of a source on the bus that have had no effect here, watermarks among them.',
    ofSources(({ hearing }) => hearing.map(({ source, waiting }) => ({ source, value: waiting }))),
  );
  metrics.gauge(
    'tongchou_receive_lag_seconds',
    'Since when facts of a source may be missing here.',
    ofSources(({ hearing }) => hearing.map(({ source, lagSeconds }) => ({ source, value: lagSeconds }))),
  );
  metrics.gauge(
    'tongchou_parked_streams',
    'Streams of a source that wait because one of their messages could not be taken.',
    ofSources(({ parked }) => parked.map(({ source, streams }) => ({ source, value: streams }))),
  );
  metrics.gauge(
    'tongchou_parked_messages',
    'Messages that wait, those without a stream among them.',
    ofSources(({ parked }) => parked.map(({ source, messages }) => ({ source, value: messages }))),
  );
}

function observePools(metrics: Metrics, pools: Readonly<Record<string, Store['pool']>>): void {
  metrics.gauge('tongchou_pool_connections', 'Connections to PostgreSQL, in use or idle.', () =>
    Object.entries(pools).flatMap(([pool, { totalCount, idleCount }]) => [
      { value: totalCount - idleCount, labels: { pool, state: 'used' } },
      { value: idleCount, labels: { pool, state: 'idle' } },
    ]),
  );
  metrics.gauge('tongchou_pool_waiting', 'Queries that wait for a connection.', () =>
    Object.entries(pools).map(([pool, { waitingCount }]) => ({ value: waitingCount, labels: { pool } })),
  );
}
