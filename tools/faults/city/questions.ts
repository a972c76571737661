import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { type Address, postGraph } from './door.ts';

const ASK_MS = 30_000;

const answer = z.object({
  data: z.looseObject({}).nullish(),
  errors: z
    .array(z.object({ message: z.string(), extensions: z.looseObject({ code: z.string() }).optional() }))
    .optional(),
});

/** One question to the graph and what came back, as whoever asked saw it. */
export interface Asked {
  readonly query: string;
  readonly ms: number;
  readonly data: Readonly<Record<string, unknown>> | undefined;
  readonly errors: readonly { readonly message: string; readonly code: string | undefined }[];
  /** Word by word, to look for what must not stand there. */
  readonly text: string;
}

/** Asks a graph. A connection that fails is an error without a code. */
export async function askGraph(
  graph: Address,
  query: string,
  variables: object = {},
  withinMs = ASK_MS,
): Promise<Asked> {
  const began = performance.now();
  const since = (): number => Math.round(performance.now() - began);
  try {
    const reply = await postGraph(graph, { query, variables }, withinMs);
    const text = await reply.text();
    const { data, errors = [] } = answer.parse(JSON.parse(text));
    const told = errors.map(({ message, extensions }) => ({ message, code: extensions?.code }));
    return { query, ms: since(), data: data ?? undefined, errors: told, text };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    const message = `${error instanceof Error ? error.message : String(error)}${cause}`;
    return { query, ms: since(), data: undefined, errors: [{ message, code: undefined }], text: message };
  }
}

/** Asks again and again, with a short pause between, until told to stop. */
export async function keepAsking(
  ask: () => Promise<Asked>,
  heard: (asked: Asked) => void,
  enough: AbortSignal,
  everyMs = 50,
): Promise<void> {
  while (!enough.aborted) {
    heard(await ask());
    await pause(everyMs, undefined, { signal: enough }).catch(() => undefined);
  }
}
