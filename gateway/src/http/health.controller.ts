import { createRequire } from 'node:module';
import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { Supergraph } from '../graph/supergraph.ts';
import { Subgraphs } from '../subgraphs/subgraphs.ts';

const { version } = z.object({ version: z.string() }).parse(createRequire(import.meta.url)('../../package.json'));

/** Whether this process lives and serves. A service that is down makes no gateway unready: the rest answers. */
@Controller()
export class HealthController {
  constructor(
    @Inject(Supergraph) private readonly supergraph: Supergraph,
    @Inject(Subgraphs) private readonly subgraphs: Subgraphs,
  ) {}

  @Get('health/live')
  live(): object {
    return { status: 'ok' };
  }

  @Get('health/startup')
  startup(@Res() response: ServerResponse): void {
    this.ready(response);
  }

  @Get('health/ready')
  ready(@Res() response: ServerResponse): void {
    const { fingerprint: supergraph } = this.supergraph;
    response.writeHead(supergraph ? 200 : 503, { 'content-type': 'application/json; charset=utf-8' });
    const status = supergraph ? 'ok' : 'starting';
    response.end(JSON.stringify({ status, supergraph, services: this.subgraphs.states() }));
  }

  @Get('version')
  version(): object {
    return { name: 'gateway', version, node: process.version, supergraph: this.supergraph.fingerprint };
  }
}
