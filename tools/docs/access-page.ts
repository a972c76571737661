import { isRole, isWholeCity, POLICY, reachOf, type Role, ROLES } from '@tongchou/access';

const INTRODUCTION = `# Access

Printed from the policy table by \`npm run docs\`; do not edit.

Nothing is answered without a bearer token but \`/health/*\` and the explorer's page. A token names roles by these words; what
is not in the tables below is forbidden. The claims \`districts\`, \`departments\`, \`projects\` (lists) narrow what a role
reaches to works that fit every list that is there, in queries, sums, histories and commands alike; a work of several
districts is reached from each. \`amount_limit\` bounds what somebody decides on. How to get a token and to plug in an
identity provider: [operations/access.md](operations/access.md).
`;

const names = Object.keys(ROLES).filter(isRole);

/** A token of some roles that names no part of the city reaches nothing: they answer for a part. */
const withoutParts = (role: Role): string =>
  isWholeCity(reachOf({ subject: '', roles: [role] }, role)) ? 'the whole city' : 'nothing';

function roleRows(): string[] {
  return names.map((role) => {
    const { about, zh } = ROLES[role];
    return `| \`${role}\` | ${zh} | ${about} | ${withoutParts(role)} |`;
  });
}

const KINDS: readonly (readonly [prefix: string, title: string, about: string])[] = [
  ['query ', 'Queries', 'Root fields of the graph.'],
  ['entity ', 'Entities', 'What one service adds to what another one owns.'],
  ['command ', 'Commands', 'As a mutation and through the bulk door alike.'],
  ['route ', 'Routes', 'Of a service; through the gateway as `/v1/SERVICE/…`.'],
  ['field ', 'Masked fields', 'Others see `null`; who may read them is recorded when they do.'],
];

const HEADS = names.map((role) => role.replace('-', ' '));

function section([prefix, title, about]: (typeof KINDS)[number]): string {
  const actions = Object.entries(POLICY).filter(([action]) => action.startsWith(prefix));
  const rows = actions.map(([action, { roles }]) => {
    const marks = names.map((role) => (roles.includes(role) ? '✓' : ''));
    return `| \`${action.slice(prefix.length)}\` | ${marks.join(' | ')} |`;
  });
  const head = [`| | ${HEADS.join(' | ')} |`, `|---|${':-:|'.repeat(names.length)}`];
  return [`## ${title}`, '', about, '', ...head, ...rows].join('\n');
}

/** Role x action, `docs/access.md`. @throws RangeError for an action of a kind that the page does not know. */
export function printAccess(): string {
  const strange = Object.keys(POLICY).find((action) => !KINDS.some(([prefix]) => action.startsWith(prefix)));
  if (strange !== undefined) throw new RangeError(`docs/access.md has no place for "${strange}"`);
  const roles = [
    '## Roles',
    '',
    '| role | 中文 | what for | a token that names no part reaches |',
    '|---|---|---|---|',
    ...roleRows(),
  ];
  return `${[INTRODUCTION, roles.join('\n'), ...KINDS.map(section)]
    .join('\n\n')
    .replace(/\n{3,}/g, '\n\n')
    .trimEnd()}\n`;
}
