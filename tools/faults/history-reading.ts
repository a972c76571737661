import { aim, type AnyReadModel, createCodec, foldRows } from '@tongchou/event-store';
import type { Tagged } from '@tongchou/kernel';
import { factsOf } from '../../libs/testing/src/facts.ts';
import type { Golden } from '../../libs/testing/src/golden.ts';
import { reasonOf } from '../state/problem.ts';
import { breachOf, type HistoryReaders, type WrittenHistory } from './history-readers.ts';

/** What became of one old event. */
export interface Reading {
  readonly event: string;
  /** Why it could not be read: by the upcasters, the contract, the aggregate or a model. */
  readonly faults: readonly string[];
  /** Whether the aggregate took it. */
  readonly folded: boolean;
  /** Rows that came of it. */
  readonly rows: readonly { readonly model: AnyReadModel; readonly row: object }[];
}

const STREAM_ID = 'ed351f07-9d86-52fb-a13b-60fafc795525';

export const nameOfGolden = ({ type, schemaVersion }: Omit<Golden, 'data'>): string => `${type} v${schemaVersion}`;

function decodeAll(readers: HistoryReaders, { goldens, chains }: WrittenHistory, golden: Golden): Tagged[] {
  const codec = createCodec(chains);
  const opening = goldens.filter(({ type }) => type === readers.opening).at(-1);
  const stream = golden.type === readers.opening || !opening ? [golden] : [opening, golden];
  return stream.map(({ type, schemaVersion, data }) => codec.decode(type, schemaVersion, data));
}

function rowsOfModel(model: AnyReadModel, readers: HistoryReaders, events: readonly Tagged[]): Reading['rows'] {
  const { service: source, aggregate } = readers;
  const facts = factsOf({ source, streamType: aggregate.streamType, streamId: STREAM_ID }, events);
  const last = facts.slice(-1);
  if (aim(model, last).length === 0) return [];
  return [...foldRows(model, aim(model, facts), new Map()).values()].map((row) => ({ model, row }));
}

/** Upcasts one golden event, checks it, folds it behind the opening of its stream and projects it, everywhere it is heard. */
function readOne(readers: HistoryReaders, history: WrittenHistory, golden: Golden): Reading {
  const event = nameOfGolden(golden);
  const faults: string[] = [];
  const attempt = <Result>(what: string, work: () => Result): Result | undefined => {
    try {
      return work();
    } catch (error) {
      faults.push(`${what}: ${reasonOf(error)}`);
      return undefined;
    }
  };
  const events = attempt('upcast', () => decodeAll(readers, history, golden));
  const last = events?.at(-1);
  if (!events || !last) return { event, faults, folded: false, rows: [] };
  const breach = breachOf(readers.service, last);
  if (breach !== undefined) faults.push(`contract: ${breach}`);
  const { aggregate, models } = readers;
  const state = attempt('fold', () => events.reduce((now, each) => aggregate.evolve(now, each), aggregate.initial));
  const folded = state !== undefined && state !== aggregate.initial;
  const rows = models.flatMap((model) => attempt(model.name, () => rowsOfModel(model, readers, events)) ?? []);
  return { event, faults, folded, rows };
}

/** Reads every event of a service, of every version that was ever written. */
export const readHistory = (readers: HistoryReaders, history: WrittenHistory): Reading[] =>
  history.goldens.map((golden) => readOne(readers, history, golden));
