import { z } from 'zod';
import { Problem, reasonOf } from './problem.ts';

const ASK_MS = 15_000;

const answer = z.object({
  data: z.unknown(),
  errors: z.array(z.object({ message: z.string() })).optional(),
  extensions: z.unknown(),
});

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
  gateway: string,
  query: string,
  shape: Shape,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<Answer<z.output<Shape>>> {
  const asked = await fetch(`${gateway}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
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
  if (first) throw new Problem(`The city answers: ${first.message}`, 'npm run doctor looks for the cause.');
  const read = shape.safeParse(data);
  if (read.success) return { data: read.data, extensions };
  throw new Problem(
    `The city answers in an unknown form: ${z.prettifyError(read.error)}`,
    'Build it anew: npm run build.',
  );
}
