import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { Admission } from '../access/admission.ts';
import { Subgraphs } from '../subgraphs/subgraphs.ts';
import { PassThrough } from './pass-through.ts';

const LIMITS = { most: 64, idleMs: 60_000 };

/** The bulk doors of the services, each under its name: what a service takes and answers passes through as it is. */
@Controller('v1')
export class CommandsController {
  private readonly through: PassThrough;

  constructor(@Inject(Subgraphs) subgraphs: Subgraphs, @Inject(Admission) admission: Admission) {
    this.through = new PassThrough(subgraphs, admission, LIMITS);
  }

  @Post(':service/commands')
  pass(
    @Param('service') service: string,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    return this.through.pass({ service, path: '/v1/commands', request, response });
  }
}
