import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { isUuid } from '@tongchou/kernel';
import { askToRepublish, listParked, releaseParked, showParked } from '@tongchou/messaging';
import { z, type ZodType } from 'zod';
import { AnswerError } from './answer-error.ts';
import { Engine } from './engine.ts';
import { inputFault } from './input-fault.ts';

const rebuildInput = z.strictObject({ model: z.string().max(200) });

const stream = { source: z.string().max(100), streamId: z.string().refine(isUuid, 'must be a UUID in lower case') };
const id = z.string().regex(/^\d{1,18}$/, 'must be the id of a parked message');

const parkedFilter = z.strictObject({
  source: stream.source.optional(),
  streamId: stream.streamId.optional(),
  limit: z.coerce.number().pipe(z.int().min(1).max(1_000)).optional(),
});

const releaseInput = z.union(
  [z.strictObject({ ids: z.array(id).min(1).max(1_000) }), z.strictObject(stream)],
  'give {"ids": [...]}, or {"source", "streamId"} of a whole stream',
);

/** Operators' routes: how the service is, rebuilding a read model, and what was parked. */
@Controller('v1/operations')
export class OperationsController {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  @Get('status')
  status(): Promise<object> {
    return this.#engine.status();
  }

  /** Answers when the new table serves. */
  @Post('rebuild')
  @HttpCode(200)
  async rebuild(@Body() body: unknown): Promise<object> {
    const { model } = checked(rebuildInput, body);
    const models = this.#engine.parts('model');
    if (!models.includes(model)) {
      throw new AnswerError('NOT_FOUND', `There is no read model ${model}; there is ${models.join(', ')}.`);
    }
    await this.#engine.rebuild(model);
    return { rebuilt: model };
  }

  /** Wishes that the service's facts are published again from the store; whichever instance leads does it. */
  @Post('republish')
  @HttpCode(202)
  republish(): Promise<object> {
    return askToRepublish(this.#engine.store);
  }

  /** How far the last wish has come. */
  @Get('republish')
  async republishing(): Promise<object> {
    const found = await this.#engine.republishing();
    if (found) return found;
    throw new AnswerError('NOT_FOUND', 'Nobody has wished that the facts are published again.');
  }

  /** What waits, streams together, each in order. */
  @Get('parked')
  async parked(@Query() query: unknown): Promise<object> {
    const { source, streamId, limit } = checked(parkedFilter, query);
    const filter = { ...(source && { source }), ...(streamId && { streamId }), ...(limit && { limit }) };
    return { parked: await listParked(this.#engine.store, filter) };
  }

  /** One parked message whole, as it came. */
  @Get('parked/:id')
  async oneParked(@Param('id') given: string): Promise<object> {
    const message = await showParked(this.#engine.store, checked(id, given));
    if (message) return message;
    throw new AnswerError('NOT_FOUND', `There is no parked message ${given}.`);
  }

  /** Replays parked messages by ids, or a whole stream, in order. What is still at fault stays, with today's reason. */
  @Post('parked/release')
  @HttpCode(200)
  async release(@Body() body: unknown): Promise<object> {
    const which = checked(releaseInput, body);
    return releaseParked(this.#engine.store, 'ids' in which ? which.ids : which);
  }
}

function checked<T>(type: ZodType<T>, value: unknown): T {
  const parsed = type.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const { message = '', path } = inputFault(parsed.error.issues);
  throw new AnswerError('BAD_USER_INPUT', message, path);
}
