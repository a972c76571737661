import { z } from 'zod';

const subgraphError = z.object({
  message: z.string(),
  path: z
    .array(z.union([z.string(), z.number()]))
    .nullish()
    .catch(undefined),
  extensions: z.record(z.string(), z.unknown()).nullish().catch(undefined),
});

const reply = z
  .object({
    data: z.record(z.string(), z.unknown()).nullish(),
    errors: z.array(subgraphError).nullish(),
    extensions: z.record(z.string(), z.unknown()).nullish().catch(undefined),
  })
  .refine(({ data, errors }) => Boolean(data) || Boolean(errors?.length));

/** A GraphQL answer as a subgraph gave it, checked to be one. */
export type SubgraphReply = z.output<typeof reply>;
export type SubgraphError = z.output<typeof subgraphError>;

/** The answer in a body, `undefined` when the body is none: HTML, half an answer, another protocol. */
export function readReply(body: string): SubgraphReply | undefined {
  try {
    const { data, success } = reply.safeParse(JSON.parse(body));
    return success ? data : undefined;
  } catch {
    return undefined;
  }
}
