import { z } from 'zod';
import { inputFault } from './input-fault.ts';
import { invalid, type Verdict } from './verdict.ts';

/** One line of the bulk door. */
export const bulkLine = z.strictObject({
  command: z.string('must be the name of a command').describe('Name of the command.'),
  idempotencyKey: z
    .string('must be a text')
    .min(1)
    .max(200)
    .describe('Id of the command: the same key and input again is answered `repeated` and changes nothing.'),
  input: z
    .record(z.string(), z.unknown(), 'must be a JSON object')
    .describe('Input of the command, as its schema says.'),
  expectedVersion: z
    .int('must be a whole number')
    .min(0)
    .optional()
    .describe('Refuse with CONFLICT unless the stream stands at this version.'),
});

export type BulkLine = z.output<typeof bulkLine>;

/** The command that a line holds, or the verdict on a line that holds none. */
export function readBulkLine(bytes: Buffer): BulkLine | Verdict {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return invalid('The line is not one JSON object in UTF-8');
  }
  const parsed = bulkLine.safeParse(value, { reportInput: true });
  return parsed.success ? parsed.data : inputFault(parsed.error.issues);
}
