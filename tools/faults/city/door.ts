import { z } from 'zod';
import type { Answer, Step } from './step.ts';

const ASK_MS = 30_000;

/** Where something is asked, and the headers that say who asks, made for each request. */
export interface Address {
  readonly url: string;
  headers(): Promise<Readonly<Record<string, string>>>;
}

const verdict = z.object({
  line: z.number().int(),
  status: z.enum(['accepted', 'repeated', 'rejected', 'invalid', 'retry', 'failed']),
  code: z.string().optional(),
  message: z.string().optional(),
  consistencyToken: z.string().optional(),
});

const mutated = z.object({
  data: z
    .object({
      answer: z
        .object({ consistencyToken: z.string().nullable(), errors: z.array(z.object({ code: z.string() })) })
        .nullable(),
    })
    .nullish(),
  errors: z.array(z.object({ message: z.string(), extensions: z.looseObject({ code: z.string() }) })).optional(),
});

/** What became of a batch: an answer a step, none for those of which nothing was heard, and why not. */
export interface Sent {
  readonly answers: ReadonlyMap<Step, Answer>;
  readonly failure?: string;
}

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
};

/** One line of the bulk door's answer. */
export const readVerdict = (line: string): Answer & { readonly line: number } => verdict.parse(JSON.parse(line));

/**
 * A part of the city is reached once the read model knows where the work stands: who answers for a department waits for
 * that, as costs does for the work. Nothing was stored; what is forbidden for good is never answered, which is told.
 */
const notYet = (answer: Answer): Answer => (answer.code === 'FORBIDDEN' ? { ...answer, status: 'retry' } : answer);

function collect(line: string, steps: readonly Step[], answers: Map<Step, Answer>): void {
  const { line: number, ...answer } = readVerdict(line);
  const step = steps[number - 1];
  if (step) answers.set(step, notYet(answer));
}

async function readVerdicts(reply: Response, steps: readonly Step[], answers: Map<Step, Answer>): Promise<void> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const piece of reply.body ?? []) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') collect(line, steps, answers);
  }
}

/** Sends steps of one service to a bulk door. Never throws: what was heard before the connection broke counts. */
export async function sendBulk(address: Address, steps: readonly Step[], withinMs = ASK_MS): Promise<Sent> {
  const answers = new Map<Step, Answer>();
  const line = ({ command, key, input }: Step): string => JSON.stringify({ command, idempotencyKey: key, input });
  try {
    const reply = await fetch(address.url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', ...(await address.headers()) },
      body: steps.map((step) => `${line(step)}\n`).join(''),
      signal: AbortSignal.timeout(withinMs),
    });
    if (!reply.ok) return { answers, failure: `HTTP ${reply.status}: ${(await reply.text()).slice(0, 300)}` };
    await readVerdicts(reply, steps, answers);
    return answers.size === steps.length ? { answers } : { answers, failure: 'the answer ended early' };
  } catch (error) {
    return { answers, failure: reasonOf(error) };
  }
}

const PHASE_WORD = /"phase":"([A-Z][a-zA-Z]+)"/;

/** The graph spells phases in capitals. */
const inGraphWords = (input: object): unknown =>
  JSON.parse(JSON.stringify(input).replace(PHASE_WORD, (_, word: string) => `"phase":"${word.toUpperCase()}"`));

/** Sends a question or mutation to a graph. */
export const postGraph = async (graph: Address, asked: object, withinMs: number): Promise<Response> =>
  fetch(graph.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(await graph.headers()) },
    body: JSON.stringify(asked),
    signal: AbortSignal.timeout(withinMs),
  });

/** Sends one step as a mutation. Never throws. */
export async function sendMutation(graph: Address, step: Step, withinMs = ASK_MS): Promise<Sent> {
  const name = step.command.charAt(0).toLowerCase() + step.command.slice(1);
  const query = `mutation ($input: ${step.command}Input!) { answer: ${name}(input: $input) { consistencyToken errors { code } } }`;
  const variables = { input: { idempotencyKey: step.key, ...Object(inGraphWords(step.input)) } };
  try {
    const reply = await postGraph(graph, { query, variables }, withinMs);
    return mutationAnswer(step, mutated.parse(await reply.json()));
  } catch (error) {
    return { answers: new Map(), failure: reasonOf(error) };
  }
}

function withoutAnswer(step: Step, fault: NonNullable<z.output<typeof mutated>['errors']>[number] | undefined): Sent {
  const code = fault?.extensions.code;
  if (code === 'FORBIDDEN') return { answers: new Map([[step, notYet({ status: 'rejected', code })]]) };
  return { answers: new Map(), failure: `${code ?? 'no data'}: ${fault?.message ?? ''}` };
}

function mutationAnswer(step: Step, { data, errors }: z.output<typeof mutated>): Sent {
  const answer = data?.answer;
  if (!answer) return withoutAnswer(step, errors?.[0]);
  const { consistencyToken, errors: refusals } = answer;
  if (consistencyToken !== null) return { answers: new Map([[step, { status: 'accepted', consistencyToken }]]) };
  const code = refusals[0]?.code;
  const status = code === 'ProjectUnknown' ? 'retry' : 'rejected';
  return { answers: new Map([[step, { status, code }]]) };
}
