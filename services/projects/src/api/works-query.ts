import type { Reach } from '@tongchou/access';
import type { IsoDate } from '@tongchou/kernel';
import { AnswerError, keyset, parameters, selectList, wireFault } from '@tongchou/service-shell';
import type { Bind, OrderTerm, Page } from '@tongchou/service-shell';
import { PHASES } from '../domain/phase.ts';
import { phaseCode } from '../read-models/phase-code.ts';
import { works } from '../read-models/works.ts';
import type { WorksRow } from '../read-models/works.ts';
import { lightAt } from './light.ts';
import type { LightReason, LightSql, LightState } from './light.ts';
import { reachedWorks } from './reached-works.ts';

/** A row of works with its light at the reference date. */
export interface JudgedWork extends WorksRow {
  readonly lightState: LightState;
  readonly lightReasons: readonly LightReason[];
  readonly lightRank: number;
  readonly phaseRank: number | null;
  readonly judgedOn: IsoDate;
}

export interface WorkFilter {
  readonly text?: string | null;
  readonly register?: string | null;
  readonly department?: string | null;
  readonly district?: string | null;
  readonly phase?: string | null;
  readonly light?: string | null;
}

export interface WorkOrder {
  readonly field: string;
  readonly direction: 'ASC' | 'DESC';
}

export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** What an answer is judged by: the day, and which works the one who asks reaches. */
export interface Viewpoint {
  readonly referenceDate: IsoDate;
  readonly reach: Reach;
}

const TEXT_MAX = 200;

const PHASE_RANK = `array_position(array[${PHASES.map((phase) => `'${phaseCode(phase)}'`).join()}], w.phase)`;

type OrderColumn = Omit<OrderTerm, 'descending'>;

const column = (field: string, expression: string, type: OrderTerm['type'], nullable = true): OrderColumn => ({
  field,
  expression,
  type,
  nullable,
});

const BY_ID = column('projectId', 'w.project_id', 'uuid', false);

const orderColumns = (light: LightSql): Readonly<Record<string, OrderColumn>> => ({
  NAME: column('name', 'w.name', 'text', false),
  REGISTER: column('register', 'w.register', 'text', false),
  REFERENCE: column('reference', 'w.reference', 'text', false),
  DEPARTMENT: column('department', 'w.department', 'text'),
  PHASE: column('phaseRank', PHASE_RANK, 'integer'),
  LIGHT: column('lightRank', `(${light.rank})`, 'integer', false),
  BASELINE_FINISH: column('baselineFinish', 'w.baseline_finish', 'date'),
  FORECAST_FINISH: column('forecastFinish', 'w.forecast_finish', 'date'),
  SLIP_DAYS: column('slipDays', 'w.slip_days', 'integer'),
  BASELINE_BUDGET: column('baselineBudget', 'w.baseline_budget', 'bigint'),
  CURRENT_BUDGET: column('currentBudget', 'w.current_budget', 'bigint'),
  LAST_HEARD_ON: column('lastHeardOn', 'w.last_heard_on', 'date'),
});

const BY_NAME: readonly WorkOrder[] = [{ field: 'NAME', direction: 'ASC' }];

/** The terms asked for, then the id, so that no two rows stand in one place. */
export function termsOf(asked: readonly WorkOrder[] | null | undefined, light: LightSql): readonly OrderTerm[] {
  const order = asked && asked.length > 0 ? asked : BY_NAME;
  if (new Set(order.map(({ field }) => field)).size < order.length) {
    throw new AnswerError('BAD_USER_INPUT', 'orderBy takes each field once', ['orderBy']);
  }
  const columns = orderColumns(light);
  const terms = order.flatMap(({ field, direction }) => {
    const found = columns[field];
    return found ? [{ ...found, descending: direction === 'DESC' }] : [];
  });
  return [...terms, { ...BY_ID, descending: terms.at(-1)?.descending ?? false }];
}

const likeAnywhere = (text: string): string => `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;

/** Refuses texts that no row can hold and no statement can carry: NUL, half characters. */
export function refuseUnstorable(value: unknown, path: readonly string[]): void {
  const fault = wireFault(value, path);
  if (fault) throw new AnswerError('BAD_USER_INPUT', `${fault.path.join('.')} ${fault.message}`, fault.path);
}

function textCondition(text: string, bind: Bind): string {
  if (text.length > TEXT_MAX) {
    throw new AnswerError('BAD_USER_INPUT', `text must be at most ${TEXT_MAX} characters`, ['filter', 'text']);
  }
  const pattern = bind(likeAnywhere(text));
  return `(w.name ilike ${pattern} or w.reference ilike ${pattern} or w.project_code ilike ${pattern})`;
}

/** Registered works within reach that fit the filter. */
function conditionsOf(filter: WorkFilter, reach: Reach, light: LightSql, bind: Bind): string[] {
  refuseUnstorable(filter, ['filter']);
  const { text, register, department, district, phase, light: state } = filter;
  const when = <Value>(value: Value | null | undefined, condition: (given: Value) => string): string[] =>
    value === null || value === undefined ? [] : [condition(value)];
  return [
    ...reachedWorks(reach, bind),
    ...when(text?.trim() || null, (given) => textCondition(given, bind)),
    ...when(register, (given) => `w.register = ${bind(given)}`),
    ...when(department, (given) => `w.department = ${bind(given)}`),
    ...when(district, (given) => `${bind(given)} = any(w.districts)`),
    ...when(phase, (given) => `w.phase = ${bind(given)}`),
    ...when(state, (given) => `(${light.state}) = ${bind(given)}`),
  ];
}

/** The columns of a judged row. */
function judgedColumns(light: LightSql, referenceDate: IsoDate, bind: Bind): string {
  const reasons = Object.entries(light.reasons).map(([code, holds]) => `case when ${holds} then '${code}' end`);
  return [
    selectList(works, 'w'),
    `${light.state} as "lightState"`,
    `array_remove(array[${reasons.join()}], null) as "lightReasons"`,
    `${light.rank} as "lightRank"`,
    `${PHASE_RANK} as "phaseRank"`,
    `${bind(referenceDate)}::text as "judgedOn"`,
  ].join(', ');
}

/** One page of the table, and the terms that its cursors speak of. */
export function pageStatement(
  filter: WorkFilter,
  orderBy: readonly WorkOrder[] | null | undefined,
  page: Page,
  { referenceDate, reach }: Viewpoint,
): Statement & { readonly terms: readonly OrderTerm[] } {
  const { values, bind } = parameters();
  const light = lightAt(referenceDate, bind);
  const terms = termsOf(orderBy, light);
  const columns = judgedColumns(light, referenceDate, bind);
  const where = conditionsOf(filter, reach, light, bind);
  const { conditions, orderBy: order, limit } = keyset(terms, page, bind);
  // Columns are made for the rows of the page alone, not for all that are sorted.
  const rows = `select w.* from rm.works w where ${[...where, ...conditions].join(' and ')} order by ${order} limit ${limit}`;
  const text = `select ${columns} from (${rows}) w order by ${order}`;
  return { text, values, terms };
}

/** How many works fit. */
export function countStatement(filter: WorkFilter, { referenceDate, reach }: Viewpoint): Statement {
  const { values, bind } = parameters();
  const light = lightAt(referenceDate, filter.light ? bind : () => 'null');
  const where = conditionsOf(filter, reach, light, bind).join(' and ');
  return { text: `select count(*)::integer as works from rm.works w where ${where}`, values };
}

/** The registered works within reach that have these ids. */
export function byIdStatement(ids: readonly string[], { referenceDate, reach }: Viewpoint): Statement {
  const { values, bind } = parameters();
  const columns = judgedColumns(lightAt(referenceDate, bind), referenceDate, bind);
  const where = [...reachedWorks(reach, bind), `w.project_id = any(${bind(ids)}::uuid[])`];
  return { text: `select ${columns} from rm.works w where ${where.join(' and ')}`, values };
}
