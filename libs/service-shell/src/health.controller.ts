import { Controller, Get, HttpStatus, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Engine } from './engine.ts';
import { releaseOf } from './release.ts';

/** Probes: alive, ready (with every reason why not, and what is waited for), started; and what runs here. */
@Controller()
export class HealthController {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  @Get('health/live')
  live(): object {
    return { status: 'live' };
  }

  @Get('health/ready')
  async ready(@Res({ passthrough: true }) response: Response): Promise<object> {
    const { unready, degraded } = await this.#engine.readiness();
    const beside = degraded.length > 0 && { degraded };
    if (unready.length === 0) return { status: 'ready', ...beside };
    response.status(HttpStatus.SERVICE_UNAVAILABLE);
    return { status: 'unready', reasons: unready, ...beside };
  }

  @Get('health/startup')
  startup(@Res({ passthrough: true }) response: Response): object {
    if (this.#engine.started) return { status: 'started' };
    response.status(HttpStatus.SERVICE_UNAVAILABLE);
    return { status: 'starting' };
  }

  @Get('version')
  version(): object {
    return releaseOf(this.#engine.name);
  }
}
