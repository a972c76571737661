import { costSheetIdOf, projectIdOf } from '@tongchou/contracts';
import { addDays, isoDate } from '@tongchou/kernel';
import type { ServiceName } from '../../state/run-file.ts';
import { between, oneOf } from '../random.ts';
import { REGISTER } from './registration.ts';
import type { Expected, Lane, Step } from './step.ts';

/** Whose lead decides on the works. */
export const DEPARTMENT = 'Trials';

/** What must hold of a work once all commands are answered; the model knows it without looking at the services. */
export interface WorkModel {
  readonly projectId: string;
  readonly registered: boolean;
  readonly name: string;
  readonly phase: string | null;
  readonly forecastFinish: string | null;
  readonly baselineFinish: string | null;
  readonly lastHeardOn: string | null;
  readonly cancelledBecause: string | null;
  readonly currentBudget: number | null;
  readonly baselineBudget: number | null;
  readonly ceiling: number | null;
  readonly revisions: number;
  readonly lateCorrections: number;
  readonly quarantined: number;
  readonly crossings: number;
  /** Versions of the project's and of the cost sheet's stream. */
  readonly versions: Readonly<Record<ServiceName, number>>;
}

interface Planned {
  readonly service: ServiceName;
  readonly command: string;
  readonly input: object;
  readonly expected: Expected;
  readonly after: Partial<WorkModel>;
}

/** What holds once a command is done, and how many facts it adds; one when nothing is said. */
interface After extends Partial<WorkModel> {
  readonly facts?: number;
}

const FIRST_DAY = isoDate('2014-01-01');
const FIRST_FINISH = isoDate('2031-01-01');
const PHASES = {
  Approved: 'APPROVED',
  Designing: 'DESIGNING',
  Procuring: 'PROCURING',
  Permitted: 'PERMITTED',
} as const;
const PHASE_NAMES = ['Approved', 'Designing', 'Procuring', 'Permitted'] as const;

const money = (cents: number): string => `${Math.trunc(cents / 100)}.${String(Math.abs(cents) % 100).padStart(2, '0')}`;

/** The random life of one work, whose streams belong to one client alone, so that each answer can be foretold. */
export class OfficeWork implements Lane {
  readonly #random: () => number;
  readonly #reference: string;
  #model: WorkModel;
  #serial = 0;
  #planned: Planned | undefined;

  constructor(reference: string, random: () => number) {
    this.#reference = reference;
    this.#random = random;
    this.#model = {
      projectId: projectIdOf(REGISTER, reference),
      registered: false,
      name: `Work ${reference}`,
      phase: null,
      forecastFinish: null,
      baselineFinish: null,
      lastHeardOn: null,
      cancelledBecause: null,
      currentBudget: null,
      baselineBudget: null,
      ceiling: null,
      revisions: 0,
      lateCorrections: 0,
      quarantined: 0,
      crossings: 0,
      versions: { projects: 0, costs: 1 },
    };
  }

  get model(): WorkModel {
    return this.#model;
  }

  next(): Step {
    this.#serial += 1;
    const planned = this.#model.registered ? this.#plan() : this.#register();
    this.#planned = planned;
    const { projectId } = this.#model;
    const streamId = planned.service === 'projects' ? projectId : costSheetIdOf(projectIdOf(REGISTER, this.#reference));
    const { service, command, expected } = planned;
    const input = command === 'RegisterProject' ? { ...planned.input } : { projectId, ...planned.input };
    return { service, command, expected, streamId, input, key: `${this.#reference}-${this.#serial}` };
  }

  done(): void {
    if (this.#planned) this.#model = { ...this.#model, ...this.#planned.after };
    this.#planned = undefined;
  }

  #register(): Planned {
    const { name } = this.#model;
    const place = { managingDepartment: DEPARTMENT };
    const input = { register: REGISTER, reference: this.#reference, name, ...place, registeredOn: FIRST_DAY };
    return this.#facts('projects', 'RegisterProject', input, { registered: true, lastHeardOn: FIRST_DAY });
  }

  #plan(): Planned {
    if (this.#model.cancelledBecause !== null) return this.#afterCancelling();
    if (this.#random() < 0.005) return this.#cancel();
    const plans = [
      () => this.#finish(),
      () => this.#phase(),
      () => this.#confirm(),
      () => this.#rename(),
      () => this.#sameName(),
      () => this.#budget(),
      () => this.#budget(),
      () => this.#lateBudget(),
      () => this.#noBudget(),
      () => this.#ceiling(),
      () => this.#lowerCeiling(),
    ];
    return oneOf(this.#random, plans)();
  }

  /** A day that no report has spoken of. */
  #period(): string {
    return addDays(FIRST_DAY, this.#serial);
  }

  #facts(service: ServiceName, command: string, input: object, { facts = 1, ...after }: After): Planned {
    const version = this.#model.versions[service] + facts;
    const versions = { ...this.#model.versions, [service]: version };
    return { service, command, input, expected: { kind: 'facts', version }, after: { ...after, versions } };
  }

  #refused(service: ServiceName, command: string, input: object, code: string): Planned {
    return { service, command, input, expected: { kind: 'refused', code }, after: {} };
  }

  #finish(): Planned {
    const period = this.#period();
    // Within 20 years of the last forecast and 30 of the period: what is farther is quarantined.
    const finish = addDays(FIRST_FINISH, this.#serial + 2_000 * between(this.#random, 0, 2));
    if (finish === this.#model.forecastFinish) return this.#confirm();
    const baselineFinish = this.#model.baselineFinish ?? finish;
    const after = { forecastFinish: finish, baselineFinish, lastHeardOn: period };
    return this.#facts('projects', 'ReportProgress', { period, finish }, after);
  }

  #phase(): Planned {
    const period = this.#period();
    const others = PHASE_NAMES.filter((name) => PHASES[name] !== this.#model.phase);
    const phase = oneOf(this.#random, others);
    const input = { period, phase: { word: phase.toLowerCase(), phase } };
    return this.#facts('projects', 'ReportProgress', input, { phase: PHASES[phase], lastHeardOn: period });
  }

  #confirm(): Planned {
    const period = this.#period();
    return this.#facts('projects', 'ConfirmStatus', { period }, { lastHeardOn: period });
  }

  #rename(): Planned {
    const name = `Work ${this.#reference}, name ${this.#serial}`;
    const input = { details: { name }, reason: `Its name was put right (${this.#serial})` };
    return this.#facts('projects', 'CorrectProject', input, { name });
  }

  #sameName(): Planned {
    const { name, versions } = this.#model;
    const input = { details: { name }, reason: 'It is the same' };
    const expected: Expected = { kind: 'nothing', version: versions.projects };
    return { service: 'projects', command: 'CorrectProject', input, expected, after: {} };
  }

  #cancel(): Planned {
    const reason = `Not built after all (${this.#serial})`;
    const { versions } = this.#model;
    const planned = this.#facts('projects', 'CancelProject', { reason }, { cancelledBecause: reason });
    // Costs closes the sheet when it hears of it.
    const after = { ...planned.after, versions: { projects: versions.projects + 1, costs: versions.costs + 1 } };
    return { ...planned, after: { ...after, phase: 'CANCELLED' } };
  }

  #afterCancelling(): Planned {
    return this.#refused('projects', 'ConfirmStatus', { period: this.#period() }, 'ProjectCancelled');
  }

  #amount(): number {
    return between(this.#random, 1, 6) * 10_000_000 + this.#serial;
  }

  #isOver(budget: number | null, ceiling: number | null): boolean {
    return budget !== null && ceiling !== null && budget > ceiling;
  }

  #budget(): Planned {
    const { currentBudget, baselineBudget, ceiling, revisions, crossings } = this.#model;
    const amount = this.#amount();
    const crosses = this.#isOver(amount, ceiling) && !this.#isOver(currentBudget, ceiling);
    const after = {
      currentBudget: amount,
      baselineBudget: baselineBudget ?? amount,
      revisions: baselineBudget === null ? 0 : revisions + 1,
      crossings: crossings + (crosses ? 1 : 0),
    };
    return this.#facts('costs', 'ReportBudget', this.#reported(amount), { ...after, facts: crosses ? 2 : 1 });
  }

  #reported(amount: number): { period: string; amount: string } {
    return { period: this.#period(), amount: money(amount) };
  }

  /** For a day before any other: nothing that stands moves. */
  #lateBudget(): Planned {
    if (this.#model.currentBudget === null) return this.#budget();
    const input = { period: addDays(FIRST_DAY, -this.#serial), amount: money(this.#amount()) };
    return this.#facts('costs', 'ReportBudget', input, { lateCorrections: this.#model.lateCorrections + 1 });
  }

  #noBudget(): Planned {
    const after = { quarantined: this.#model.quarantined + 1 };
    return this.#facts('costs', 'ReportBudget', this.#reported(0), after);
  }

  #ceiling(): Planned {
    const { ceiling, currentBudget, crossings } = this.#model;
    const amount = ceiling === null ? 15_000_000 : ceiling + 1_000_000;
    const input = { amount: money(amount), approval: `DRC-${this.#serial}` };
    const crosses = ceiling === null && this.#isOver(currentBudget, amount);
    const after = { ceiling: amount, crossings: crossings + (crosses ? 1 : 0) };
    const command = ceiling === null ? 'SetCeiling' : 'RaiseCeiling';
    return this.#facts('costs', command, input, { ...after, facts: crosses ? 2 : 1 });
  }

  #lowerCeiling(): Planned {
    const { ceiling } = this.#model;
    const input = { amount: money(1_000_000), approval: `DRC-${this.#serial}` };
    if (ceiling === null) return this.#refused('costs', 'RaiseCeiling', input, 'CeilingNotSet');
    const again = this.#random() < 0.5;
    return again
      ? this.#refused('costs', 'SetCeiling', input, 'CeilingAlreadySet')
      : this.#refused('costs', 'RaiseCeiling', input, 'CeilingNotHigher');
  }
}

/** Budgets from all clients for one work: no answer can be foretold but that each adds facts, once. */
export class SharedSheet implements Lane {
  readonly #client: number;
  #serial = 0;

  constructor(client: number) {
    this.#client = client;
  }

  static readonly reference = 'shared';

  next(): Step {
    this.#serial += 1;
    const projectId = projectIdOf(REGISTER, SharedSheet.reference);
    const unique = this.#serial * 100 + this.#client;
    const input = { projectId, period: addDays(FIRST_DAY, unique % 5_000), amount: money(1_000_000 + unique) };
    return {
      service: 'costs',
      command: 'ReportBudget',
      key: `shared-${this.#client}-${this.#serial}`,
      input,
      streamId: costSheetIdOf(projectId),
      expected: { kind: 'facts' },
    };
  }

  done(): void {
    // What stands at the end depends on the order in which the services took them.
  }
}
