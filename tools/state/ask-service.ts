import { z } from 'zod';
import type { ServiceDoor } from './door.ts';
import { Problem, reasonOf } from './problem.ts';

/** Which instance of several is asked, counted from 1. */
const INSTANCE_HEADER = 'x-tongchou-instance';

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
 * Asks one of a service's operators' routes through the gateway and reads the answer by its shape.
 *
 * @throws Problem when nobody answers, the token does not do, the service refuses (in its own words), or answers in another form.
 */
export async function askService<Shape extends z.ZodType>(
  door: ServiceDoor,
  route: string,
  shape: Shape,
  { method = 'GET', body, withinMs = 5_000 }: Asked = {},
): Promise<z.output<Shape>> {
  const { gateway, service, instance } = door;
  const headers = {
    authorization: await door.authorization(),
    ...(instance !== undefined && { [INSTANCE_HEADER]: String(instance) }),
    ...(body && { 'content-type': 'application/json' }),
  };
  const reply = await fetch(`${gateway}/v1/${service}/operations/${route}`, {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(withinMs),
  }).catch((cause: unknown) => {
    throw new Problem(
      `${service} does not answer through ${gateway}: ${reasonOf(cause)}.`,
      'npm run status shows who runs.',
    );
  });
  const answer: unknown = await reply.json().catch(() => undefined);
  if (!reply.ok) throw refusal(service, reply.status, answer);
  const parsed = shape.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new Problem(`${service} answers in an unknown form.`, 'Stop the city and start it again: it is built anew.');
}

const REMEDIES: Readonly<Record<number, string>> = {
  401: 'Give a token that has not ended: --token TOKEN; of the demo: npm run token -- ROLE.',
  403: 'Give a token of a role that may do it (docs/access.md): --token TOKEN.',
};

function refusal(service: string, status: number, answer: unknown): Problem {
  const said = errorBody.safeParse(answer);
  const words = said.success ? (said.data.error?.message ?? said.data.message) : undefined;
  return new Problem(
    words ?? `${service} answered ${status}.`,
    REMEDIES[status] ?? 'npm run status and its log say more.',
  );
}
