import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Get, Inject, NotFoundException, Param, Post, Req, Res } from '@nestjs/common';
import { Admission } from '../access/admission.ts';
import { Subgraphs } from '../subgraphs/subgraphs.ts';
import { PassThrough } from './pass-through.ts';

/** A read model of a large city takes its time to be built anew, and its service answers when it serves. */
const LIMITS = { most: 16, idleMs: 30 * 60_000 };

/** Names one of several instances, by its place in the gateway's setting, from 1. */
const INSTANCE = 'x-tongchou-instance';

/** Plain words only: dots or escapes could name another route of the service than the one that was judged. */
const ASKED = /^\/v1\/\w+(\/operations(?:\/[\w-]+)+(?:\?.*)?)$/;

/** The operators' routes of the services, each under its name, so that operators have one door too. */
@Controller('v1/:service/operations')
export class OperationsController {
  private readonly through: PassThrough;

  constructor(@Inject(Subgraphs) subgraphs: Subgraphs, @Inject(Admission) admission: Admission) {
    this.through = new PassThrough(subgraphs, admission, LIMITS);
  }

  @Get('*rest')
  read(
    @Param('service') service: string,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    return this.pass(service, request, response);
  }

  @Post('*rest')
  act(
    @Param('service') service: string,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    return this.pass(service, request, response);
  }

  private pass(service: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, rest] = ASKED.exec(request.url ?? '') ?? [];
    if (rest === undefined) throw new NotFoundException();
    const named = request.headers[INSTANCE];
    const member = typeof named === 'string' ? Number(named) : undefined;
    return this.through.pass({ service, path: `/v1${rest}`, member, request, response });
  }
}
