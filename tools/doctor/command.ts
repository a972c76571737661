import { knownPlace } from '../start/postgres-process.ts';
import { readArguments } from '../state/arguments.ts';
import { TOKEN, TOKEN_HELP } from '../state/door.ts';
import { readRun } from '../state/run-file.ts';
import { checkIssuer } from './access.ts';
import { checkDatabases } from './databases.ts';
import type { Finding } from './finding.ts';
import { checkDisk, checkLeftovers, checkNode, checkPorts, checkSupergraph } from './machine.ts';
import { checkServices } from './services.ts';

const HELP = `
npm run doctor [-- --json]

Looks at everything that a city stands on, one line a check: Node, disk, ports, databases and their durability, clock,
migrations, bus (with Kafka: brokers, topics, groups and their lag), issuer of tokens, services, lag, parked facts,
supergraph. What is wrong comes with what to do.
Exit code: 0 all is well, 1 something is not.

${TOKEN_HELP('auditor')}`;

const WIDTH = 26;
const MARKS = { well: 'ok   ', ill: 'FAILS', idle: '-    ', note: 'note ' } as const;

function line({ check, state, says, remedy }: Finding): string {
  const first = `${MARKS[state]} ${check.padEnd(WIDTH)} ${says}`;
  return remedy === undefined ? first : `${first}\n${' '.repeat(WIDTH + 7)}What to do: ${remedy}`;
}

export async function run(args: readonly string[]): Promise<number> {
  const { values, city } = readArguments(args, HELP, { json: { type: 'boolean' }, ...TOKEN });
  const found = await readRun(city);
  const data = (await knownPlace(city))?.dataDir ?? city.path;
  const findings: Finding[] = [
    checkNode(),
    await checkDisk(data),
    await checkLeftovers(city),
    await checkPorts(found),
    ...(await checkDatabases(found)),
    ...(await checkIssuer(found)),
    ...(await checkServices(city, found, values.token)),
    await checkSupergraph(),
  ];
  if (values.json) console.log(JSON.stringify(findings, null, 2));
  else console.log(findings.map(line).join('\n'));
  return findings.some(({ state }) => state === 'ill') ? 1 : 0;
}
