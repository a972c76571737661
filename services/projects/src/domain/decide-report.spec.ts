import { describe, expect, it } from '@jest/globals';
import { isoDate, isRejection, parseId, standing } from '@tongchou/kernel';
import type { IsoDate } from '@tongchou/kernel';
import { scenario } from '@tongchou/testing';
import fc from 'fast-check';
import { decideReport } from './decide-report.ts';
import type { ReportedPhase } from './phase.ts';
import { evolveReport, nothingSaid } from './progress-report.ts';
import type { ReportEvent, ReportProgress, Said } from './progress-report.ts';
import { project } from './project.ts';
import type { ProjectEvent } from './project.ts';

const projectId = parseId<'Project'>('0e3f4f6c-3f0e-5d0a-9a63-5c2f9a2f2c11');
if (projectId === undefined) throw new Error('Not a project id');

const registered: ProjectEvent = {
  type: 'ProjectRegistered',
  projectId,
  register: 'nyc-capital-projects',
  reference: '3',
  name: 'Preliminary treatment',
  description: '',
  projectType: '',
  managingDepartment: '',
  clientDepartment: '',
  districts: '',
  registeredOn: isoDate('2014-05-01'),
};

const may = isoDate('2014-05-01');
const june = isoDate('2014-06-01');
const july = isoDate('2014-07-01');
const august = isoDate('2014-08-01');
const y2020 = isoDate('2020-01-14');
const y2021 = isoDate('2021-01-14');
const y2022 = isoDate('2022-01-14');

type Values = Omit<ReportProgress, 'type' | 'projectId' | 'period'>;

const report = (period: IsoDate, values: Values = {}): ReportProgress => ({
  type: 'ReportProgress',
  projectId,
  period,
  ...values,
});

const inPhase = (word: string, phase: ReportedPhase = 'Other'): Values => ({ phase: { word, phase } });
const design = inPhase('Design', 'Designing');
const building = inPhase('Construction', 'UnderConstruction');

const work = () => scenario(project).given(registered);

describe('every report is heard', () => {
  it('also one without values, once', () => {
    work()
      .when(report(may))
      .then({ type: 'StatusConfirmed', period: may })
      .when(report(june))
      .then({ type: 'StatusConfirmed', period: june })
      .when(report(may))
      .thenNothing();
  });

  it('a first report gives each value its first fact', () => {
    work()
      .when(report(may, { ...design, finish: y2020, designStart: y2020, percentComplete: 5 }))
      .then(
        { type: 'PhaseReported', period: may, word: 'Design', phase: 'Designing' },
        { type: 'BaselineFinishSet', period: may, finish: y2020 },
        { type: 'DesignStartReported', period: may, designStart: y2020 },
        { type: 'ProgressRecorded', period: may, percentComplete: 5 },
      );
  });

  it('values that stand already are confirmed, and remembered for their period', () => {
    work()
      .given({ type: 'BaselineFinishSet', period: may, finish: y2020 })
      .when(report(july, { finish: y2020 }))
      .then({ type: 'StatusConfirmed', period: july, restated: { finish: y2020 } })
      .when(report(june, { finish: y2021 }))
      .then({ type: 'FinishForecastCorrectedLate', period: june, finish: y2021 });
  });

  it('the last fact of a report carries what it restates', () => {
    work()
      .given({ type: 'BaselineFinishSet', period: may, finish: y2020 })
      .when(report(june, { ...design, finish: y2020 }))
      .then({
        type: 'PhaseReported',
        period: june,
        word: 'Design',
        phase: 'Designing',
        restated: { finish: y2020 },
      })
      .when(report(june, { finish: y2020 }))
      .thenNothing();
  });

  it('an empty value is not reported, and takes nothing back', () => {
    work()
      .given({ type: 'BaselineFinishSet', period: may, finish: y2020 })
      .when(report(june))
      .then({ type: 'StatusConfirmed', period: june })
      .when(report(july, { finish: y2020 }))
      .then({ type: 'StatusConfirmed', period: july, restated: { finish: y2020 } });
  });
});

describe('P11 the phase is what the last report says', () => {
  const inDesign = work().given({ type: 'PhaseReported', period: may, word: 'Design', phase: 'Designing' });
  const changed = { type: 'PhaseChanged', period: june, from: 'Designing', fromWord: 'Design' } as const;

  it('another word is a change', () => {
    inDesign
      .when(report(june, building))
      .then({ ...changed, to: 'UnderConstruction', word: 'Construction', backward: false });
  });

  it('a step back is legal, and flagged', () => {
    inDesign
      .when(report(june, inPhase('Scoping/Planning', 'Screening')))
      .then({ ...changed, to: 'Screening', word: 'Scoping/Planning', backward: true });
  });

  it('to and from a word without a counterpart is no step back', () => {
    const inIt = inPhase('IT');
    inDesign
      .when(report(june, inIt))
      .then({ ...changed, to: 'Other', word: 'IT', backward: false })
      .when(report(july, inPhase('Scoping/Planning', 'Screening')))
      .then({
        type: 'PhaseChanged',
        period: july,
        from: 'Other',
        fromWord: 'IT',
        to: 'Screening',
        word: 'Scoping/Planning',
        backward: false,
      });
  });

  it('words are compared, also where both mean the same phase', () => {
    inDesign
      .when(report(june, inPhase('Detailed design', 'Designing')))
      .then({ ...changed, to: 'Designing', word: 'Detailed design', backward: false });
  });

  it('a late word stands beside', () => {
    inDesign
      .given({ ...changed, period: july, to: 'UnderConstruction', word: 'Construction', backward: false })
      .when(report(june, inPhase('Construction Procurement', 'Procuring')))
      .then({ type: 'PhaseCorrectedLate', period: june, word: 'Construction Procurement', phase: 'Procuring' })
      .when(report(august, building))
      .then({ type: 'StatusConfirmed', period: august, restated: { phase: 'Construction' } });
  });
});

describe('P3, P4 the finish', () => {
  const forecast = work().given({ type: 'BaselineFinishSet', period: may, finish: y2020 });

  it('slips by days, with the reason where one is given', () => {
    forecast
      .when(report(june, { finish: y2021, reason: 'Weather' }))
      .then({
        type: 'FinishForecastRevised',
        period: june,
        from: y2020,
        finish: y2021,
        slipDays: 366,
        reason: 'Weather',
      })
      .when(report(july, { finish: y2020 }))
      .then({ type: 'FinishForecastRevised', period: july, from: y2021, finish: y2020, slipDays: -366 });
  });

  it('the baseline is the first accepted forecast and never moves', () => {
    const wild = isoDate('2108-06-30');
    work()
      .when(report(may, { finish: wild }))
      .then({ type: 'FinishForecastQuarantined', period: may, finish: wild, reason: 'MoreThan30YearsAfterPeriod' })
      .when(report(june, { finish: y2020 }))
      .then({ type: 'BaselineFinishSet', period: june, finish: y2020 })
      .when(report(may, { finish: y2021 }))
      .then({ type: 'FinishForecastCorrectedLate', period: may, finish: y2021 });
  });

  it('another value for the same period is a revision; the former one again is known', () => {
    forecast
      .when(report(may, { finish: y2021 }))
      .then({ type: 'FinishForecastRevised', period: may, from: y2020, finish: y2021, slipDays: 366 })
      .when(report(may, { finish: y2020 }))
      .thenNothing();
  });

  it('a late correction keeps its reason and does not move what stands', () => {
    forecast
      .given({ type: 'FinishForecastRevised', period: july, from: y2020, finish: y2021, slipDays: 366 })
      .when(report(june, { finish: y2022, reason: 'Legal' }))
      .then({ type: 'FinishForecastCorrectedLate', period: june, finish: y2022, reason: 'Legal' })
      .when(report(august, { finish: y2021 }))
      .then({ type: 'StatusConfirmed', period: august, restated: { finish: y2021 } });
  });
});

describe('P7 what is not plausible is quarantined, and the forecast stays', () => {
  const jump = (last: string, next: string) =>
    work()
      .given({ type: 'BaselineFinishSet', period: may, finish: isoDate(last) })
      .when(report(isoDate('2081-01-01'), { finish: isoDate(next) }));

  it('a year more than 30 after the period; exactly 30 passes', () => {
    work()
      .when(report(may, { finish: isoDate('2044-12-31') }))
      .then({
        type: 'BaselineFinishSet',
        period: may,
        finish: isoDate('2044-12-31'),
      });
    work()
      .when(report(may, { finish: isoDate('2045-01-01') }))
      .then({
        type: 'FinishForecastQuarantined',
        period: may,
        finish: isoDate('2045-01-01'),
        reason: 'MoreThan30YearsAfterPeriod',
      });
  });

  it.each([
    ['2020-01-14', '2040-01-14'],
    ['2040-01-14', '2020-01-14'],
    ['2080-02-29', '2100-02-28'],
    ['2100-02-28', '2080-02-29'],
    ['2016-02-28', '2036-02-29'],
    ['2036-02-29', '2016-02-28'],
  ])('exactly 20 calendar years pass, and 29 February counts as 28: %s to %s', (last, next) => {
    const [from, finish] = [isoDate(last), isoDate(next)];
    const slipDays = (Date.parse(next) - Date.parse(last)) / 86_400_000;
    jump(last, next).then({ type: 'FinishForecastRevised', period: isoDate('2081-01-01'), from, finish, slipDays });
  });

  it.each([
    ['2020-01-14', '2040-01-15'],
    ['2040-01-14', '2020-01-13'],
    ['2080-02-29', '2100-03-01'],
    ['2036-02-29', '2016-02-27'],
  ])('a day more does not: %s to %s', (last, next) => {
    jump(last, next).then({
      type: 'FinishForecastQuarantined',
      period: isoDate('2081-01-01'),
      finish: isoDate(next),
      reason: 'MoreThan20YearsFromLastForecast',
    });
  });

  it('the same report again gives nothing, whatever was accepted since', () => {
    const far = isoDate('2041-01-01');
    work()
      .given({ type: 'BaselineFinishSet', period: may, finish: y2020 })
      .when(report(june, { finish: far }))
      .then({
        type: 'FinishForecastQuarantined',
        period: june,
        finish: far,
        reason: 'MoreThan20YearsFromLastForecast',
      })
      .when(report(july, { finish: y2022 }))
      .then({ type: 'FinishForecastRevised', period: july, from: y2020, finish: y2022, slipDays: 731 })
      .when(report(june, { finish: far }))
      .thenNothing();
  });
});

describe('the start of design is corrected, not silently moved', () => {
  it('by an equal or later period; an earlier one stands beside', () => {
    work()
      .given({ type: 'DesignStartReported', period: may, designStart: y2020 })
      .when(report(july, { designStart: y2021 }))
      .then({ type: 'DesignStartCorrected', period: july, from: y2020, designStart: y2021 })
      .when(report(june, { designStart: y2022 }))
      .then({ type: 'DesignStartCorrectedLate', period: june, designStart: y2022 })
      .when(report(august, { designStart: y2021 }))
      .then({ type: 'StatusConfirmed', period: august, restated: { designStart: y2021 } });
  });
});

describe('P5 the completed share only grows', () => {
  const half = work().given({ type: 'ProgressRecorded', period: may, percentComplete: 50 });

  it('and the whole report is refused when it falls', () => {
    half
      .when(report(june, { percentComplete: 40, finish: y2020 }))
      .thenRejected('ProgressFalls', { from: 50, to: 40 })
      .when(report(june, { percentComplete: 60 }))
      .then({ type: 'ProgressRecorded', period: june, percentComplete: 60 });
  });

  it('unless a correction says why', () => {
    half.when(report(june, { percentComplete: 40, correction: 'Measured again' })).then({
      type: 'ProgressCorrected',
      period: june,
      from: 50,
      percentComplete: 40,
      correction: 'Measured again',
    });
  });

  it('a share for an earlier period stands beside, and one that stands is confirmed', () => {
    half
      .given({ type: 'ProgressRecorded', period: july, percentComplete: 70 })
      .when(report(june, { percentComplete: 55 }))
      .then({ type: 'ProgressCorrectedLate', period: june, percentComplete: 55 })
      .when(report(august, { percentComplete: 70 }))
      .then({ type: 'StatusConfirmed', period: august, restated: { percentComplete: 70 } });
  });
});

describe('any reports in any order', () => {
  const periods = [may, june, july, august, isoDate('2015-01-01'), isoDate('2016-01-01')];
  const finishes = [y2020, y2021, y2022, isoDate('2030-02-28'), isoDate('2041-06-01'), isoDate('2108-06-30')];
  const phases = [design, building, inPhase('IT'), inPhase('Close-Out', 'SubstantiallyComplete')];
  const optional = <Value>(values: Value[]) => fc.option(fc.constantFrom(...values), { nil: undefined });

  const reports = fc.record({
    period: fc.constantFrom(...periods),
    phase: optional(phases),
    finish: optional(finishes),
    designStart: optional([y2020, y2021, y2022]),
    percentComplete: optional([0, 10, 50, 100]),
  });

  const asReport = ({ period, phase, ...values }: typeof reports extends fc.Arbitrary<infer One> ? One : never) =>
    report(period, { ...phase, ...values, correction: 'Measured again' });

  const run = (given: readonly ReportProgress[], said: Said = nothingSaid, facts: ReportEvent[] = []) => {
    for (const one of given) {
      const decided = decideReport(one, said);
      if (isRejection(decided)) throw new Error(decided.rejected);
      facts.push(...decided);
      said = decided.reduce(evolveReport, said);
    }
    return { said, facts };
  };

  it('the same again adds nothing, at once or after all others, in any order', () => {
    fc.assert(
      fc.property(fc.array(reports), fc.integer(), (given, seed) => {
        const all = given.map(asReport);
        const { said } = run(all);
        const shuffled = all.toSorted((one, other) => hash(seed, one) - hash(seed, other));
        expect(run(shuffled, said).facts).toEqual([]);
      }),
    );
  });

  it('stopped anywhere and begun again gives the same facts', () => {
    fc.assert(
      fc.property(fc.array(reports), fc.nat(), (given, stop) => {
        const all = given.map(asReport);
        const half = run(all.slice(0, stop % (all.length + 1)));
        expect(run(all, half.said, half.facts).facts).toEqual(run(all).facts);
      }),
    );
  });

  it('one report a period: whatever their order, the latest period stands, one baseline is set and each period is heard', () => {
    const plausible = fc.uniqueArray(
      reports.filter(({ finish }) => finish === undefined || finish < '2034-01-01'),
      { selector: ({ period }) => period, minLength: 1 },
    );
    fc.assert(
      fc.property(plausible, (given) => {
        const all = given.map(asReport);
        const { said, facts } = run(all);
        const latest = (of: (one: ReportProgress) => unknown) =>
          all.toSorted((one, other) => one.period.localeCompare(other.period)).findLast((one) => of(one) !== undefined);
        const finish = latest((one) => one.finish);
        expect(standing(said.finishes)).toEqual(finish && [finish.period, finish.finish]);
        const phase = latest((one) => one.phase);
        expect(standing(said.words)).toEqual(phase && [phase.period, phase.phase?.word]);
        expect(said.phase).toBe(phase?.phase?.phase);
        const baselines = facts.filter((fact) => fact.type === 'BaselineFinishSet');
        expect(baselines.map((fact) => fact.finish)).toEqual(all.flatMap((one) => one.finish ?? []).slice(0, 1));
        expect(new Set(said.heard)).toEqual(new Set(all.map((one) => one.period)));
      }),
    );
  });

  const hash = (seed: number, one: ReportProgress): number =>
    [...JSON.stringify(one)].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0, seed);
});
