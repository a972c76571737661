import { describe, expect, it } from '@jest/globals';
import { cents, fold, isoDate, isRejection, parseId, reject, standing } from '@tongchou/kernel';
import type { Cents, IsoDate, ProjectId } from '@tongchou/kernel';
import { scenario } from '@tongchou/testing';
import fc from 'fast-check';
import { costSheet } from './cost-sheet.ts';
import type { CostSheetCommand, CostSheetEvent, CostSheetRefusal, CostSheetState } from './cost-sheet.ts';

const projectId = parseId<'Project'>('0e3f4f6c-3f0e-5d0a-9a63-5c2f9a2f2c11');
if (projectId === undefined) throw new Error('Not a project id');

const may = isoDate('2014-05-01');
const june = isoDate('2014-06-01');
const july = isoDate('2014-07-01');
const august = isoDate('2014-08-01');

const open: CostSheetCommand = { type: 'OpenCostSheet', projectId };
const close = (reason: string): CostSheetCommand => ({ type: 'CloseCostSheet', projectId, reason });
const budget = (period: IsoDate, amount: number): CostSheetCommand => ({
  type: 'ReportBudget',
  projectId,
  period,
  amount: cents(amount),
});
const setCeiling = (amount: number, approval = 'DRC-1'): CostSheetCommand => ({
  type: 'SetCeiling',
  projectId,
  amount: cents(amount),
  approval,
});
const raiseCeiling = (amount: number, approval = 'DRC-2'): CostSheetCommand => ({
  type: 'RaiseCeiling',
  projectId,
  amount: cents(amount),
  approval,
});

const opened: CostSheetEvent = { type: 'CostSheetOpened', projectId };
const closed: CostSheetEvent = { type: 'CostSheetClosed', projectId, reason: 'Merged into 4' };
const ceilingOf = (amount: number): CostSheetEvent => ({
  type: 'CeilingSet',
  projectId,
  amount: cents(amount),
  approval: 'DRC-1',
});

type Of<Type extends CostSheetEvent['type']> = Extract<CostSheetEvent, { readonly type: Type }>;
type Plain = 'BudgetBaselineReported' | 'BudgetConfirmed' | 'BudgetCorrectedLate';

const said = (type: Plain, period: IsoDate, amount: number): CostSheetEvent => ({
  type,
  projectId,
  period,
  amount: cents(amount),
});
const revised = (period: IsoDate, from: number, amount: number): Of<'BudgetRevised'> => ({
  type: 'BudgetRevised',
  projectId,
  period,
  from: cents(from),
  amount: cents(amount),
});
const flagged = (figure: number, ceiling: number): Of<'OverrunFlagged'> => ({
  type: 'OverrunFlagged',
  projectId,
  budget: cents(figure),
  ceiling: cents(ceiling),
  over: cents(figure - ceiling),
});

const sheet = () => scenario(costSheet).given(opened);

describe('a sheet', () => {
  it('opens once', () => {
    scenario(costSheet).when(open).then(opened);
  });

  it('of a project that costs has not heard of takes nothing yet', () => {
    for (const command of [budget(may, 1), setCeiling(1), raiseCeiling(1), close('No')]) {
      scenario(costSheet).when(command).thenRejected('ProjectUnknown', { projectId });
      expect(costSheet.decide(command, costSheet.initial)).toMatchObject({ waitingHelps: true });
    }
  });

  it('closes once, and takes nothing new from then on', () => {
    sheet().when(close('Merged into 4')).then(closed).when(close('Another reason')).thenNothing();
    for (const command of [budget(may, 1), setCeiling(1)]) {
      sheet().given(closed).when(command).thenRejected('CostSheetClosed', { reason: 'Merged into 4' });
    }
  });

  it('still knows what it says already when it is closed, and does not open again', () => {
    const known = sheet().given(said('BudgetBaselineReported', may, 100), ceilingOf(200), closed);
    known.when(budget(may, 100)).thenNothing().when(setCeiling(200)).thenNothing().when(open).thenNothing();
  });
});

describe('the reported budget', () => {
  it('that is accepted first is the baseline for ever; another one revises it', () => {
    sheet()
      .when(budget(may, 100))
      .then(said('BudgetBaselineReported', may, 100))
      .when(budget(june, 120))
      .then(revised(june, 100, 120))
      .when(budget(june, 110))
      .then(revised(june, 120, 110))
      .when(budget(july, 100))
      .then(revised(july, 110, 100));
  });

  it('that is reported again gives nothing, also after others', () => {
    sheet()
      .given(said('BudgetBaselineReported', may, 100), revised(june, 100, 120))
      .when(budget(may, 100))
      .thenNothing()
      .when(budget(june, 120))
      .thenNothing();
  });

  it('of an earlier period is a late correction, and what stands does not move', () => {
    sheet()
      .given(said('BudgetBaselineReported', may, 100), revised(july, 100, 120))
      .when(budget(june, 110))
      .then(said('BudgetCorrectedLate', june, 110))
      .when(budget(august, 120))
      .then(said('BudgetConfirmed', august, 120));
  });

  it('that stands is confirmed for a further period, so that a value between comes late', () => {
    sheet()
      .given(said('BudgetBaselineReported', may, 100))
      .when(budget(july, 100))
      .then(said('BudgetConfirmed', july, 100))
      .when(budget(june, 110))
      .then(said('BudgetCorrectedLate', june, 110));
  });

  it.each([0, -1])('of %d is quarantined, and the last one stays', (amount) => {
    const quarantined: CostSheetEvent = {
      type: 'BudgetQuarantined',
      projectId,
      period: june,
      amount: cents(amount),
      reason: 'NotPositive',
    };
    sheet()
      .when(budget(june, amount))
      .then(quarantined)
      .when(budget(july, 100))
      .then(said('BudgetBaselineReported', july, 100))
      .when(budget(june, amount))
      .thenNothing();
  });
});

describe('the approved ceiling', () => {
  const approved = sheet().given(ceilingOf(100));

  it('is set once, with the approver’s reference, and then raised', () => {
    sheet()
      .when(setCeiling(100))
      .then(ceilingOf(100))
      .when(raiseCeiling(150))
      .then({ type: 'CeilingRaised', projectId, from: cents(100), amount: cents(150), approval: 'DRC-2' })
      .when(setCeiling(100))
      .thenNothing();
  });

  it('is not set twice', () => {
    approved.when(setCeiling(100, 'DRC-9')).thenRejected('CeilingAlreadySet', { ceiling: cents(100) });
  });

  it('is above nothing', () => {
    sheet()
      .when(setCeiling(0))
      .thenRejected('CeilingNotPositive', { amount: cents(0) });
  });

  it('is raised only from one that holds, and only upwards', () => {
    sheet().when(raiseCeiling(150)).thenRejected('CeilingNotSet');
    approved.when(raiseCeiling(100)).thenRejected('CeilingNotHigher', { ceiling: cents(100) });
    approved.when(raiseCeiling(99)).thenRejected('CeilingNotHigher', { ceiling: cents(100) });
  });
});

describe('C5 a reported work above its ceiling is recorded and flagged', () => {
  const covered = sheet().given(ceilingOf(100), said('BudgetBaselineReported', may, 100));

  it('once a crossing', () => {
    covered
      .when(budget(june, 110))
      .then(revised(june, 100, 110), flagged(110, 100))
      .when(budget(july, 120))
      .then(revised(july, 110, 120))
      .when(budget(august, 90))
      .then(revised(august, 120, 90))
      .when(budget(august, 101))
      .then(revised(august, 90, 101), flagged(101, 100));
  });

  it('also by its first budget, or by a ceiling that comes later', () => {
    sheet()
      .given(ceilingOf(100))
      .when(budget(may, 101))
      .then(said('BudgetBaselineReported', may, 101), flagged(101, 100));
    sheet()
      .given(said('BudgetBaselineReported', may, 101))
      .when(setCeiling(100))
      .then(ceilingOf(100), flagged(101, 100));
  });

  it('ends when the ceiling covers the budget again', () => {
    const raised = (from: number, amount: number): CostSheetEvent => ({
      type: 'CeilingRaised',
      projectId,
      from: cents(from),
      amount: cents(amount),
      approval: `to ${amount}`,
    });
    covered
      .given(revised(june, 100, 130), flagged(130, 100))
      .when(raiseCeiling(120, 'to 120'))
      .then(raised(100, 120))
      .when(raiseCeiling(130, 'to 130'))
      .then(raised(120, 130))
      .when(budget(july, 131))
      .then(revised(july, 130, 131), flagged(131, 130));
  });

  it('a late correction above the ceiling flags nothing', () => {
    covered
      .given(revised(july, 100, 90))
      .when(budget(june, 200))
      .then(said('BudgetCorrectedLate', june, 200));
  });
});

describe('any commands in any order', () => {
  const amounts = fc.constantFrom(-1, 0, 100, 110, 120);
  const approvals = fc.constantFrom('DRC-1', 'DRC-2');
  const commands: fc.Arbitrary<CostSheetCommand> = fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(open, close('Merged')) },
    {
      weight: 9,
      arbitrary: fc.tuple(fc.constantFrom(may, june, july, august), amounts).map(([on, of]) => budget(on, of)),
    },
    { weight: 2, arbitrary: fc.tuple(amounts, approvals).map(([of, by]) => setCeiling(of, by)) },
    { weight: 2, arbitrary: fc.tuple(amounts, approvals).map(([of, by]) => raiseCeiling(of, by)) },
  );

  const run = (given: readonly CostSheetCommand[], from: CostSheetState = costSheet.initial) => {
    const facts: CostSheetEvent[] = [];
    let state = from;
    for (const command of given) {
      const decided = costSheet.decide(command, state);
      if (isRejection(decided)) continue;
      facts.push(...decided);
      state = fold(costSheet, state, decided);
    }
    return { facts, state };
  };

  const budgetsOf = (state: CostSheetState) => (state.stage === 'Opened' ? state.budgets : undefined);

  it('the same again adds nothing', () => {
    fc.assert(
      fc.property(fc.array(commands), commands, (given, last) => {
        const { state } = run([...given, last]);
        expect(run([last], state).facts).toEqual([]);
      }),
    );
  });

  it('a whole file again adds nothing, in any order', () => {
    const file = fc.array(commands.filter(({ type }) => type === 'ReportBudget'));
    fc.assert(
      fc.property(
        file.chain((one) => fc.tuple(fc.constant(one), fc.shuffledSubarray(one))),
        ([given, again]) => {
          const { state } = run([open, ...given]);
          expect(run(again, state).facts).toEqual([]);
        },
      ),
    );
  });

  it('there is one baseline, it is the first accepted budget, and each crossing is flagged once', () => {
    fc.assert(
      fc.property(fc.array(commands), (given) => {
        const { facts, state } = run([open, ...given]);
        const baselines = facts.filter(({ type }) => type === 'BudgetBaselineReported');
        expect(baselines).toHaveLength(budgetsOf(state)?.accepted.length ? 1 : 0);
        let [crossings, above] = [0, false];
        facts.forEach((fact, index) => {
          if (fact.type === 'OverrunFlagged') return;
          const now = isAbove(fold(costSheet, costSheet.initial, facts.slice(0, index + 1)));
          if (now && !above) crossings += 1;
          above = now;
        });
        expect(facts.filter(({ type }) => type === 'OverrunFlagged')).toHaveLength(crossings);
      }),
    );
  });

  function isAbove(state: CostSheetState): boolean {
    if (state.stage === 'Unopened') return false;
    const [figure, ceiling] = [standing(state.budgets)?.[1], state.ceilings.at(-1)?.amount];
    return figure !== undefined && ceiling !== undefined && figure > ceiling;
  }
});

describe('the compiler is the checklist', () => {
  it('a missing case, an undeclared refusal, the id of another thing and plain numbers as money do not compile', () => {
    // @ts-expect-error An event has no case.
    const forgets = (event: CostSheetEvent): string => {
      // eslint-disable-next-line @typescript-eslint/switch-exhaustiveness-check -- The gap is what this shows.
      switch (event.type) {
        case 'CostSheetOpened':
          return event.type;
      }
    };
    // @ts-expect-error No refusal of a cost sheet has this code.
    const undeclared: CostSheetRefusal = reject('BudgetTooHigh');
    const sheetId = parseId<'CostSheet'>(projectId);
    // @ts-expect-error A cost sheet is no project.
    const confused: ProjectId | undefined = sheetId;
    // @ts-expect-error Money is Cents.
    const money: Cents = 100;
    expect(forgets(opened)).toBe('CostSheetOpened');
    expect(isRejection(undeclared)).toBe(true);
    expect([confused, money]).toEqual([projectId, 100]);
  });
});
