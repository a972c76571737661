import { isRejection, reject } from '@tongchou/kernel';
import type { Claim, Decider, Decision, IsoDate, ProjectId, Rejection } from '@tongchou/kernel';
import { decideReport } from './decide-report.ts';
import type { ProgressFalls } from './decide-report.ts';
import { isAccepted } from './phase.ts';
import type { Phase } from './phase.ts';
import { evolveReport, nothingSaid } from './progress-report.ts';
import type { ReportEvent, ReportProgress, Said } from './progress-report.ts';

/** What a register says about a work, as it writes it; an empty text was not given. */
export interface ProjectDetails {
  readonly name: string;
  readonly description: string;
  /** The register's categories, parted by `, `. */
  readonly projectType: string;
  readonly managingDepartment: string;
  readonly clientDepartment: string;
  /** Districts, parted by `, `. */
  readonly districts: string;
}

/** A work as its register first names it: the register, its own key of the work, the period of that first naming. */
interface Registration extends ProjectDetails {
  readonly projectId: ProjectId;
  readonly register: string;
  readonly reference: string;
  readonly registeredOn: IsoDate;
}

interface RegisterProject extends Registration {
  readonly type: 'RegisterProject';
}

interface CorrectProject {
  readonly type: 'CorrectProject';
  readonly projectId: ProjectId;
  readonly details: { readonly [Field in keyof ProjectDetails]?: string | undefined };
  readonly reason: string;
}

interface AssignProjectCode {
  readonly type: 'AssignProjectCode';
  readonly projectId: ProjectId;
  readonly code: string;
}

/** Nothing is new in a period (零报告). */
interface ConfirmStatus {
  readonly type: 'ConfirmStatus';
  readonly projectId: ProjectId;
  readonly period: IsoDate;
}

interface CancelProject {
  readonly type: 'CancelProject';
  readonly projectId: ProjectId;
  readonly reason: string;
}

export type ProjectCommand =
  RegisterProject | ReportProgress | ConfirmStatus | AssignProjectCode | CorrectProject | CancelProject;

interface ProjectRegistered extends Registration {
  readonly type: 'ProjectRegistered';
}

export type ProjectEvent =
  | ProjectRegistered
  | { readonly type: 'ProjectCodeAssigned'; readonly code: string }
  | { readonly type: 'ProjectCorrected'; readonly details: Partial<ProjectDetails>; readonly reason: string }
  | { readonly type: 'ProjectCancelled'; readonly reason: string }
  | ReportEvent;

export type ProjectRefusal =
  | Rejection<'ProjectNotRegistered', { readonly projectId: ProjectId }>
  | Rejection<'ProjectReferenceTaken', { readonly register: string; readonly reference: string }>
  | Rejection<'ProjectCancelled', { readonly reason: string }>
  | Rejection<'PastAcceptance', { readonly phase: Phase }>
  | Rejection<'ProjectCodeMalformed', { readonly code: string; readonly form: string }>
  | Rejection<'ProjectCodeTaken', { readonly code: string }>
  | Rejection<'ProjectHasAnotherCode', { readonly code: string }>
  | ProgressFalls;

const DETAIL_FIELDS = [
  'name',
  'description',
  'projectType',
  'managingDepartment',
  'clientDepartment',
  'districts',
] as const satisfies readonly (keyof ProjectDetails)[];

interface Registered {
  readonly stage: 'Reported';
  readonly details: ProjectDetails;
  readonly said: Said;
  readonly code?: string;
  /** The reason, once the work is cancelled. */
  readonly cancelled?: string;
}

export type ProjectState = { readonly stage: 'Unregistered' } | Registered;

/** P8: year, region, department, type, serial and an opaque last character, hyphenated to 24 characters. */
const CODE = /^\d{4}-\d{6}-\d{2}-\d{2}-\d{5}[0-9A-Z]$/;
const CODE_FORM = 'YYYY-RRRRRR-DD-TT-SSSSSX';

function evolve(state: ProjectState, event: ProjectEvent): ProjectState {
  if (state.stage === 'Reported') return evolveRegistered(state, event);
  return event.type === 'ProjectRegistered'
    ? { stage: 'Reported', details: detailsOf(event), said: nothingSaid }
    : state;
}

function evolveRegistered(state: Registered, event: ProjectEvent): Registered {
  if ('period' in event) return { ...state, said: evolveReport(state.said, event) };
  switch (event.type) {
    case 'ProjectRegistered':
      return state;
    case 'ProjectCodeAssigned':
      return { ...state, code: event.code };
    case 'ProjectCorrected':
      return { ...state, details: { ...state.details, ...event.details } };
    case 'ProjectCancelled':
      return { ...state, cancelled: event.reason };
  }
}

function detailsOf(event: ProjectDetails): ProjectDetails {
  const { name, description, projectType, managingDepartment, clientDepartment, districts } = event;
  return { name, description, projectType, managingDepartment, clientDepartment, districts };
}

function decide(command: ProjectCommand, state: ProjectState): Decision<ProjectEvent, ProjectRefusal> {
  if (command.type === 'RegisterProject') return register(command, state);
  if (state.stage === 'Unregistered') return reject('ProjectNotRegistered', { projectId: command.projectId });
  switch (command.type) {
    case 'ReportProgress':
      return report(command, state);
    case 'ConfirmStatus':
      return report({ ...command, type: 'ReportProgress' }, state);
    case 'AssignProjectCode':
      return assignCode(command, state);
    case 'CorrectProject':
      return correct(command, state);
    case 'CancelProject':
      return cancel(command, state);
  }
}

const cancelledAlready = (state: Registered) =>
  state.cancelled === undefined ? undefined : reject('ProjectCancelled', { reason: state.cancelled });

function report(command: ReportProgress, state: Registered): Decision<ProjectEvent, ProjectRefusal> {
  const decided = decideReport(command, state.said);
  return isRejection(decided) || decided.length > 0 ? (cancelledAlready(state) ?? decided) : decided;
}

/** A work is registered once. A later registration with other data changes nothing: that takes a correction with its reason. */
function register(command: RegisterProject, state: ProjectState): readonly ProjectEvent[] {
  return state.stage === 'Unregistered' ? [{ ...command, type: 'ProjectRegistered' }] : [];
}

function assignCode({ code }: AssignProjectCode, state: Registered): Decision<ProjectEvent, ProjectRefusal> {
  if (state.code === code) return [];
  if (!CODE.test(code)) return reject('ProjectCodeMalformed', { code, form: CODE_FORM });
  if (state.code !== undefined) return reject('ProjectHasAnotherCode', { code: state.code });
  return cancelledAlready(state) ?? [{ type: 'ProjectCodeAssigned', code }];
}

function correct({ details, reason }: CorrectProject, state: Registered): Decision<ProjectEvent, ProjectRefusal> {
  const differing: Partial<ProjectDetails> = Object.fromEntries(
    DETAIL_FIELDS.filter((field) => details[field] !== undefined && details[field] !== state.details[field]).map(
      (field) => [field, details[field]],
    ),
  );
  if (Object.keys(differing).length === 0) return [];
  return cancelledAlready(state) ?? [{ type: 'ProjectCorrected', details: differing, reason }];
}

function cancel({ reason }: CancelProject, state: Registered): Decision<ProjectEvent, ProjectRefusal> {
  if (state.cancelled === reason) return [];
  const { phase } = state.said;
  if (phase !== undefined && isAccepted(phase)) return reject('PastAcceptance', { phase });
  return cancelledAlready(state) ?? [{ type: 'ProjectCancelled', reason }];
}

function claims(event: ProjectEvent): readonly Claim<ProjectRefusal>[] {
  if (event.type === 'ProjectCodeAssigned') {
    const { code } = event;
    return [{ kind: 'projectCode', key: code, refusal: reject('ProjectCodeTaken', { code }) }];
  }
  if (event.type !== 'ProjectRegistered') return [];
  const { register: name, reference } = event;
  const refusal = reject('ProjectReferenceTaken', { register: name, reference });
  return [{ kind: 'projectReference', key: JSON.stringify([name, reference]), refusal }];
}

/** A work from proposal to operation; today those that an agency's own register reports (P11). */
export const project: Decider<ProjectCommand, ProjectEvent, ProjectState, ProjectRefusal> = {
  streamType: 'Project',
  foldVersion: 1,
  initial: { stage: 'Unregistered' },
  evolve,
  decide,
  claims,
};
