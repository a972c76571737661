/** Everybody whom the office knows, and what each is there for. A token names roles by these words, exactly. */
export const ROLES = {
  director: { about: 'Head of the office: reads everything.', zh: '主任' },
  'department-lead': { about: "Answers for a department's works.", zh: '科室负责人' },
  'project-manager': { about: 'Runs works and reports on them.', zh: '项目经理' },
  'cost-engineer': { about: 'Keeps estimates, budgets and contracts.', zh: '造价工程师' },
  'finance-officer': { about: 'Prepares what is paid and reserved.', zh: '财务经办' },
  'finance-approver': { about: 'Approves what another one prepared.', zh: '财务审批' },
  'labor-officer': { about: 'Keeps people, crews and wages.', zh: '劳务专员' },
  inspector: { about: 'Looks at works on site.', zh: '质量监督' },
  auditor: { about: 'Reads everything, changes nothing.', zh: '审计' },
  integrator: { about: 'A machine that reports for a register.', zh: '系统对接' },
  'citizen-desk': { about: 'Answers citizens: reads works, no names of persons.', zh: '市民服务台' },
  administrator: {
    about: 'Runs the systems: rebuilds, releases what was parked; no business of the office.',
    zh: '系统管理员',
  },
} as const;

export type Role = keyof typeof ROLES;

export const isRole = (word: string): word is Role => Object.hasOwn(ROLES, word);
