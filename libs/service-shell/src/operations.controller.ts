import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { listParked, releaseParked } from '@tongchou/messaging';
import { z, type ZodType } from 'zod';
import { AnswerError } from './answer-error.ts';
import { Engine } from './engine.ts';
import { inputFault } from './input-fault.ts';

const rebuildInput = z.strictObject({ model: z.string().max(200) });

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
    if (!this.#engine.models.includes(model)) {
      throw new AnswerError(
        'NOT_FOUND',
        `There is no read model ${model}; there is ${this.#engine.models.join(', ')}.`,
      );
    }
    await this.#engine.rebuild(model);
    return { rebuilt: model };
  }
}

function checked<T>(type: ZodType<T>, value: unknown): T {
  const parsed = type.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const { message = '', path } = inputFault(parsed.error.issues);
  throw new AnswerError('BAD_USER_INPUT', message, path);
}
