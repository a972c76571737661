import { performance } from 'node:perf_hooks';
import { projectIdOf } from '@tongchou/contracts';
import { commandFor, type ImportCommand } from '../import/profile.ts';
import { registrationOf } from './sample-work.ts';
import { type BulkDoor, linesOf, send } from './send.ts';

export const WORKS_A_RUN = 4_000;
export const CLIENTS = 4;
export const LINES_A_REQUEST = 1_000;
export const PERIODS = ['2018-01-31', '2018-04-30', '2018-08-31', '2018-12-31'];
const REGISTER = 'bench';

function report(reference: string, period: string, at: number): ImportCommand {
  return commandFor('projects', 'ReportProgress', {
    projectId: projectIdOf(REGISTER, reference),
    period,
    phase: { word: 'Design', phase: 'Designing' },
    finish: `20${20 + at}-06-30`,
  });
}

/** The requests of one client: its works are registered, then reported on period by period, as a real file has them. */
function requestsOf(run: number, client: number): string[] {
  const mine = Array.from({ length: WORKS_A_RUN / CLIENTS }, (_, work) => `${run}-${client}-${work}`);
  const reports = PERIODS.flatMap((period, at) => mine.map((reference) => report(reference, period, at)));
  const commands = [...mine.map((reference) => registrationOf(REGISTER, reference)), ...reports];
  const requests = Math.ceil(commands.length / LINES_A_REQUEST);
  return Array.from({ length: requests }, (_, at) =>
    linesOf(commands.slice(at * LINES_A_REQUEST, (at + 1) * LINES_A_REQUEST)),
  );
}

async function sendAll(door: BulkDoor, requests: readonly string[]): Promise<number> {
  let accepted = 0;
  for (const body of requests) accepted += await send(door, body);
  return accepted;
}

export const COMMANDS_A_RUN = WORKS_A_RUN * (1 + PERIODS.length);

/**
 * New works, each registered and then reported on, by clients that send one request after the other; client n through door
 * n of those given. Another `run` makes other works.
 *
 * @returns how many commands a second were accepted. @throws when one was not.
 */
export async function sendBulk(doors: readonly [BulkDoor, ...BulkDoor[]], run: number): Promise<number> {
  const clients = Array.from({ length: CLIENTS }, (_, client) => requestsOf(run, client));
  const began = performance.now();
  const answers = clients.map((requests, client) => sendAll(doors[client % doors.length] ?? doors[0], requests));
  const accepted = (await Promise.all(answers)).reduce((a, b) => a + b, 0);
  const ms = performance.now() - began;
  if (accepted !== COMMANDS_A_RUN)
    throw new Error(`The bulk door accepted ${accepted} commands, which is not all of ${COMMANDS_A_RUN}`);
  return (accepted * 1_000) / ms;
}
