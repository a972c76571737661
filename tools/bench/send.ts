import type { ImportCommand } from '../import/profile.ts';

/** A service's own bulk door, and the headers with which it believes one request. */
export interface BulkDoor {
  readonly url: string;
  headers(): Promise<Readonly<Record<string, string>>>;
}

/** Commands as lines of the bulk door. */
export const linesOf = (commands: readonly ImportCommand[]): string =>
  commands
    .map(({ command, idempotencyKey, input }) => `${JSON.stringify({ command, idempotencyKey, input })}\n`)
    .join('');

/** Sends one request to a service's bulk door. @returns how many commands it accepted. @throws when it did not accept one. */
export async function send(door: BulkDoor, body: string): Promise<number> {
  const { url } = door;
  const headers = { 'content-type': 'application/x-ndjson', ...(await door.headers()) };
  const answer = await fetch(`${url}/v1/commands`, { method: 'POST', headers, body });
  const verdicts = (await answer.text()).trimEnd().split('\n');
  const other = verdicts.find((verdict) => !verdict.includes('"status":"accepted"'));
  if (other !== undefined) throw new Error(`The bulk door answered ${answer.status}: ${other}`);
  return verdicts.length;
}
