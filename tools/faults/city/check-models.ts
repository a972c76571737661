import type { WorkModel } from './office-model.ts';
import type { ModelRow } from './stores.ts';

export interface ModelRows {
  readonly works: ReadonlyMap<string, ModelRow>;
  readonly costSheets: ReadonlyMap<string, ModelRow>;
}

type Wanted = Readonly<Record<string, unknown>>;

const worksRow = (model: WorkModel): Wanted => ({
  registered: true,
  name: model.name,
  phase: model.phase,
  forecast_finish: model.forecastFinish,
  baseline_finish: model.baselineFinish,
  baseline_budget: model.baselineBudget,
  current_budget: model.currentBudget,
  ceiling: model.ceiling,
  last_heard_on: model.lastHeardOn,
  cancelled_because: model.cancelledBecause,
});

const costSheetRow = (model: WorkModel): Wanted => ({
  version: model.versions.costs,
  state: model.cancelledBecause === null ? 'OPEN' : 'CLOSED',
  closed_because: model.cancelledBecause,
  current_budget: model.currentBudget,
  baseline_budget: model.baselineBudget,
  revisions: model.revisions,
  late_corrections: model.lateCorrections,
  quarantined: model.quarantined,
  ceiling: model.ceiling,
  crossings: model.crossings,
});

function differing(what: string, row: ModelRow | undefined, wanted: Wanted): string[] {
  if (!row) return [`${what} has no row`];
  return Object.entries(wanted).flatMap(([column, value]) =>
    row[column] === value ? [] : [`${what}.${column} is ${JSON.stringify(row[column])}, not ${JSON.stringify(value)}`],
  );
}

/** Where the read models of both services differ from what the model of the works foretells. */
export function checkModels(models: readonly WorkModel[], { works, costSheets }: ModelRows): string[] {
  return models
    .filter(({ registered }) => registered)
    .flatMap((model) => [
      ...differing(`works ${model.projectId}`, works.get(model.projectId), worksRow(model)),
      ...differing(`cost_sheet ${model.projectId}`, costSheets.get(model.projectId), costSheetRow(model)),
    ]);
}
