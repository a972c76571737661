import type { Role } from './role.ts';

/** Which roles may do something. */
export interface Rule {
  readonly roles: readonly Role[];
}

const OFFICE: readonly Role[] = [
  'director',
  'department-lead',
  'project-manager',
  'cost-engineer',
  'finance-officer',
  'finance-approver',
  'labor-officer',
  'inspector',
  'auditor',
  'integrator',
];
const READS: Rule = { roles: [...OFFICE, 'citizen-desk'] };
const REPORTS: Rule = { roles: ['integrator', 'project-manager', 'department-lead'] };
const DECIDES: Rule = { roles: ['department-lead'] };
const COSTS: Rule = { roles: ['cost-engineer', 'integrator'] };
const OPERATES: Rule = { roles: ['administrator'] };
const LOOKS: Rule = { roles: ['administrator', 'auditor'] };

/**
 * The policy: role x action, default deny. An action is named after the thing that is asked for: a root field of a
 * subgraph, an entity, a command (through a mutation and through the bulk door alike), a route, a field whose words are
 * masked. What a role may do is narrowed by the principal's reach (districts, departments, projects).
 */
export const POLICY: Readonly<Record<string, Rule>> = {
  'query project': READS,
  'query works': READS,
  'query cityOverview': READS,
  'query delayLedger': READS,
  'entity Project': READS,
  'field recordedBy': { roles: ['director', 'department-lead', 'auditor', 'administrator'] },

  'command RegisterProject': REPORTS,
  'command ReportProgress': REPORTS,
  'command ConfirmStatus': REPORTS,
  'command CorrectProject': { roles: ['integrator', 'department-lead'] },
  'command AssignProjectCode': DECIDES,
  'command CancelProject': DECIDES,

  'command ReportBudget': COSTS,
  'command SetCeiling': { roles: ['cost-engineer'] },
  'command RaiseCeiling': { roles: ['cost-engineer'] },

  'route POST /v1/commands': { roles: ['integrator', 'project-manager', 'department-lead', 'cost-engineer'] },
  'route GET /v1/operations/status': LOOKS,
  'route POST /v1/operations/rebuild': OPERATES,
  'route POST /v1/operations/republish': OPERATES,
  'route GET /v1/operations/republish': LOOKS,
  'route GET /v1/operations/parked': LOOKS,
  'route GET /v1/operations/parked/:id': OPERATES,
  'route POST /v1/operations/parked/release': OPERATES,
  'route GET /metrics': LOOKS,
  'route GET /version': { roles: [...READS.roles, 'administrator'] },
};
