import { z } from 'zod';
import type { Door } from './door.ts';
import { Problem, reasonOf } from './problem.ts';

const ASK_MS = 15_000;

const answer = z.object({
  data: z.unknown(),
  errors: z
    .array(z.object({ message: z.string(), extensions: z.looseObject({ code: z.string() }).optional() }))
    .optional(),
  extensions: z.unknown(),
});

const REMEDIES: Readonly<Record<string, string>> = {
  UNAUTHENTICATED: 'Give a token that has not ended: --token TOKEN; of the demo: npm run token -- ROLE.',
  FORBIDDEN: 'Give a token of a role that may do it (docs/access.md): --token TOKEN.',
};

export interface Answer<Data> {
  readonly data: Data;
  readonly extensions: unknown;
}

/**
 * Asks the gateway and reads the answer by its shape.
 *
 * @throws Problem when the gateway does not answer, answers errors, or something of another shape.
 */
export async function askCity<Shape extends z.ZodType>(
  door: Door,
  query: string,
  shape: Shape,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<Answer<z.output<Shape>>> {
  const { gateway } = door;
  const authorization = await door.authorization();
  const asked = await fetch(`${gateway}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(ASK_MS),
  })
    .then((reply) => reply.json())
    .catch((cause: unknown) => {
      throw new Problem(
        `The gateway at ${gateway} does not answer: ${reasonOf(cause)}.`,
        'npm run status shows who runs.',
      );
    });
  const { data, errors, extensions } = answer.parse(asked);
  const [first] = errors ?? [];
  if (first) {
    const remedy = REMEDIES[first.extensions?.code ?? ''] ?? 'npm run doctor looks for the cause.';
    throw new Problem(`The city answers: ${first.message}`, remedy);
  }
  const read = shape.safeParse(data);
  if (read.success) return { data: read.data, extensions };
  throw new Problem(
    `The city answers in an unknown form: ${z.prettifyError(read.error)}`,
    'Build it anew: npm run build.',
  );
}
