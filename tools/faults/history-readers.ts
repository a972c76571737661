import { contractsOf, upcastersOf } from '@tongchou/contracts';
import type { AnyReadModel } from '@tongchou/event-store';
import type { Tagged, UpcasterChains } from '@tongchou/kernel';
import { type Golden, goldenOf } from '../../libs/testing/src/golden.ts';
import { costSheet } from '../../services/costs/src/domain/cost-sheet.ts';
import { costHistory } from '../../services/costs/src/read-models/cost-history.ts';
import { costSheets } from '../../services/costs/src/read-models/cost-sheets.ts';
import { projectPlaces } from '../../services/costs/src/read-models/project-place.ts';
import { project } from '../../services/projects/src/domain/project.ts';
import { delayLedger } from '../../services/projects/src/read-models/delay-ledger.ts';
import { projectHistory } from '../../services/projects/src/read-models/project-history.ts';
import { works } from '../../services/projects/src/read-models/works.ts';

/** An aggregate whose commands nobody needs here; methods, so that any decider fits. */
interface AnyAggregate {
  readonly streamType: string;
  readonly initial: unknown;
  evolve(state: unknown, event: Tagged): unknown;
}

/** Everything that must be able to read a service's events, however old. */
export interface HistoryReaders {
  readonly service: string;
  readonly aggregate: AnyAggregate;
  /** The event that every stream begins with. */
  readonly opening: string;
  readonly models: readonly AnyReadModel[];
}

const projectModels: readonly AnyReadModel[] = [works, delayLedger, projectHistory, projectPlaces];

export const READERS: readonly HistoryReaders[] = [
  { service: 'projects', aggregate: project, opening: 'ProjectRegistered', models: projectModels },
  {
    service: 'costs',
    aggregate: costSheet,
    opening: 'CostSheetOpened',
    models: [costSheets, costHistory, ...projectModels],
  },
];

/** The events of a service as they were written at one time or another, and the way from there to today's. */
export interface WrittenHistory {
  readonly goldens: readonly Golden[];
  readonly chains: UpcasterChains;
}

export const writtenHistory = (service: string): WrittenHistory => ({
  goldens: goldenOf(service),
  chains: upcastersOf(service),
});

const firstFieldOf = (data: object): string => Object.keys(data)[0] ?? '';

const renamed = (data: object, from: string, to: string): object =>
  Object.fromEntries(Object.entries(data).map(([name, value]) => [name === from ? to : name, value]));

/** The same history as if every event had been written differently before: one field had another name. */
export function olderHistory({ goldens, chains }: WrittenHistory): WrittenHistory {
  const written: Golden[] = [];
  const longer: Record<string, UpcasterChains[string]> = {};
  for (const { type, schemaVersion, data } of goldens) {
    const name = firstFieldOf(data);
    written.push({ type, schemaVersion, data: renamed(data, name, `${name}Formerly`) });
    written.push({ type, schemaVersion: schemaVersion + 1, data });
    longer[type] = [(older) => renamed(older, `${name}Formerly`, name), ...(chains[type] ?? [])];
  }
  return { goldens: written, chains: longer };
}

/** Whether today's contract takes this data; the reason why not. */
export function breachOf(service: string, { type, ...data }: Tagged): string | undefined {
  const contract = contractsOf(service)[type];
  if (!contract) return 'it has no contract';
  const parsed = contract.schema.safeParse(data);
  if (parsed.success) return undefined;
  return parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'data'}: ${message}`).join('; ');
}
