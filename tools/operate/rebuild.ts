import { z } from 'zod';
import { readArguments } from '../state/arguments.ts';
import { askService } from '../state/ask-service.ts';
import { openDoor, serviceDoor, TOKEN, TOKEN_HELP } from '../state/door.ts';
import { Problem } from '../state/problem.ts';
import { serviceNamed } from '../state/run-file.ts';
import { statusOf } from '../state/service-status.ts';

const HELP = `
npm run rebuild -- SERVICE READ_MODEL

Builds a read model anew from the events, beside the one that serves, and swaps when it has caught up.
npm run rebuild -- SERVICE lists its read models.

${TOKEN_HELP('administrator')}`;

const WITHIN_MS = 30 * 60_000;
const SAY_EVERY_MS = 3_000;

const rebuilt = z.object({ rebuilt: z.string() });

export async function run(args: readonly string[]): Promise<number> {
  const { values, words, city } = readArguments(args, HELP, TOKEN, { atMost: 2 });
  const service = serviceNamed(words[0]);
  const model = words[1];
  const door = await serviceDoor(city, await openDoor(city, 'administrator', values.token), service);
  if (model === undefined) {
    const models = (await statusOf(door)).runner?.models.map(({ name }) => name) ?? [];
    throw new Problem('No read model was named.', `${service} has ${models.join(', ')}.`);
  }
  const began = Date.now();
  const saying = setInterval(
    () => console.error(`  building ${model}, ${Math.round((Date.now() - began) / 1000)} s`),
    SAY_EVERY_MS,
  );
  try {
    await askService(door, 'rebuild', rebuilt, { method: 'POST', body: { model }, withinMs: WITHIN_MS });
  } finally {
    clearInterval(saying);
  }
  console.log(`${model} of ${service} was built anew and serves, after ${((Date.now() - began) / 1000).toFixed(1)} s.`);
  return 0;
}
