import { z } from 'zod';
import { Problem, reasonOf } from './problem.ts';

const errorBody = z.looseObject({
  error: z.looseObject({ message: z.string() }).optional(),
  message: z.string().optional(),
});

interface Asked {
  readonly method?: 'GET' | 'POST';
  readonly body?: object;
  readonly withinMs?: number;
}

/**
 * Asks one of a service's operators' routes and reads the answer by its shape.
 *
 * @throws Problem when the service does not answer, refuses (in its own words), or answers in another form.
 */
export async function askService<Shape extends z.ZodType>(
  url: string,
  route: string,
  shape: Shape,
  { method = 'GET', body, withinMs = 5_000 }: Asked = {},
): Promise<z.output<Shape>> {
  const reply = await fetch(`${url}/v1/operations/${route}`, {
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(withinMs),
  }).catch((cause: unknown) => {
    throw new Problem(`The service at ${url} does not answer: ${reasonOf(cause)}.`, 'npm run status shows who runs.');
  });
  const answer: unknown = await reply.json().catch(() => undefined);
  if (!reply.ok) {
    const said = errorBody.safeParse(answer);
    const words = said.success ? (said.data.error?.message ?? said.data.message) : undefined;
    throw new Problem(
      words ?? `The service at ${url} answered ${reply.status}.`,
      'npm run status and its log say more.',
    );
  }
  const parsed = shape.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new Problem(
    `The service at ${url} answers in an unknown form.`,
    'Stop the city and start it again: it is built anew.',
  );
}
