import { setTimeout as pause } from 'node:timers/promises';
import { projectIdOf } from '@tongchou/contracts';
import { z } from 'zod';
import { registrationOf } from '../bench/sample-work.ts';
import { linesOf } from '../bench/send.ts';
import { commandFor, type ImportCommand } from '../import/profile.ts';
import type { Door } from '../state/door.ts';

const REGISTER = 'drill';
const WORKS_AT_ONCE = 10;
const KNOWN_AFTER = 50;
const BETWEEN_MS = 60;
const ASK_MS = 30_000;

const verdict = z.object({ line: z.number().int(), status: z.string() });

/** A command that a service has answered as accepted, and when. */
export interface Acknowledged {
  readonly command: ImportCommand;
  readonly at: Date;
}

/** Sends commands to the bulk door of the first one's service; answers the status of each, in their order. */
export async function sendCommands(door: Door, commands: readonly ImportCommand[]): Promise<string[]> {
  const headers = { 'content-type': 'application/x-ndjson', authorization: await door.authorization() };
  const signal = AbortSignal.timeout(ASK_MS);
  const url = `${door.gateway}/v1/${commands[0]?.service ?? ''}/commands`;
  const answer = await fetch(url, { method: 'POST', headers, body: linesOf(commands), signal });
  const lines = (await answer.text()).trimEnd().split('\n');
  const statuses = new Map(lines.map((line) => verdict.parse(JSON.parse(line))).map((one) => [one.line, one.status]));
  return commands.map((_, index) => statuses.get(index + 1) ?? 'none');
}

/** Works that are registered, reported on and budgeted, one batch after the other, until told to stop. */
export class CommandLoad {
  readonly acknowledged: Acknowledged[] = [];
  private readonly door: Door;
  private readonly stopping = new AbortController();
  private readonly sending: Promise<void>;
  private next = 0;

  constructor(door: Door) {
    this.door = door;
    this.sending = this.sendAll();
  }

  /** Fails with what failed under way. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.sending;
  }

  private async sendAll(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const references = Array.from({ length: WORKS_AT_ONCE }, () => `W-${(this.next += 1)}`);
      await this.send(references.map((reference) => registrationOf(REGISTER, reference)));
      await this.send(
        references.map((reference) =>
          commandFor('projects', 'ReportProgress', {
            projectId: projectIdOf(REGISTER, reference),
            period: '2018-04-30',
            phase: { word: 'Design', phase: 'Designing' },
            finish: '2021-06-30',
          }),
        ),
      );
      // Of works so old that costs has heard of them; what it has not is refused, and does not count.
      const known = references.map((_, index) => this.next - KNOWN_AFTER - index).filter((work) => work > 0);
      await this.send(
        known.map((work) =>
          commandFor('costs', 'ReportBudget', {
            projectId: projectIdOf(REGISTER, `W-${work}`),
            period: '2018-04-30',
            amount: '1250000.00',
          }),
        ),
      );
      await pause(BETWEEN_MS);
    }
  }

  private async send(commands: readonly ImportCommand[]): Promise<void> {
    if (commands.length === 0) return;
    const statuses = await sendCommands(this.door, commands);
    const at = new Date();
    for (const [index, status] of statuses.entries()) {
      const command = commands[index];
      if (command && status === 'accepted') this.acknowledged.push({ command, at });
    }
  }
}
