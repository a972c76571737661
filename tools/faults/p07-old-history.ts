import { contractsOf } from '@tongchou/contracts';
import { judgeHistory, type ReadService } from './history-checker.ts';
import { type HistoryReaders, olderHistory, READERS, type WrittenHistory, writtenHistory } from './history-readers.ts';
import { readHistory } from './history-reading.ts';
import type { Trial, TrialContext } from './trial.ts';

function read(readers: HistoryReaders, history: WrittenHistory): ReadService {
  const { service } = readers;
  const types = Object.keys(contractsOf(service));
  return { service, types, chains: history.chains, readings: readHistory(readers, history) };
}

/** The first of the golden events loses what the contract asks for. */
function changed(history: WrittenHistory): WrittenHistory {
  const [first, ...others] = history.goldens;
  const fields = Object.entries(first?.data ?? {}).slice(1);
  return first ? { ...history, goldens: [{ ...first, data: Object.fromEntries(fields) }, ...others] } : history;
}

/** An event was written anew, and nobody wrote the step from its old form to the new one. */
const withoutSteps = (history: WrittenHistory): WrittenHistory => ({ ...olderHistory(history), chains: {} });

function control(context: TrialContext): string[] {
  const kinds = { 'a golden event is changed': changed, 'an upcaster is missing': withoutSteps };
  const found = Object.entries(kinds).map(([what, worsen]) => {
    const violations = READERS.flatMap((readers) =>
      judgeHistory(read(readers, worsen(writtenHistory(readers.service)))),
    );
    context.note({ control: what, violations: violations.slice(0, 20) });
    return violations;
  });
  return found.some((violations) => violations.length === 0) ? [] : found.flat();
}

export const p7: Trial = {
  id: 'P7',
  says: 'old history stays readable',
  bus: false,
  async run(context) {
    const histories = READERS.flatMap((readers) => {
      const written = writtenHistory(readers.service);
      return [read(readers, written), read(readers, olderHistory(written))];
    });
    const readings = histories.flatMap((history) => history.readings);
    const violations = histories.flatMap(judgeHistory);
    const sound = readings.filter(({ faults, folded, rows }) => faults.length === 0 && folded && rows.length > 0);
    return {
      figures: {
        'events of every type and version': readings.length,
        'read, %': Math.floor((100 * sound.length) / readings.length),
        'rows made of them': readings.reduce((sum, { rows }) => sum + rows.length, 0),
      },
      violations,
      control: { what: 'a golden event is changed, an upcaster is missing', violations: control(context) },
    };
  },
};
