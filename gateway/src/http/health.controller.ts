import type { ServerResponse } from 'node:http';
import { Controller, Get, HttpStatus, Inject, Res } from '@nestjs/common';
import { releaseOf } from '@tongchou/service-shell';
import { Supergraph } from '../graph/supergraph.ts';
import { Subgraphs } from '../subgraphs/subgraphs.ts';

/** Probes: alive, ready, started; and what runs here. A service that is down makes no gateway unready: the rest answers. */
@Controller()
export class HealthController {
  constructor(
    @Inject(Supergraph) private readonly supergraph: Supergraph,
    @Inject(Subgraphs) private readonly subgraphs: Subgraphs,
  ) {}

  @Get('health/live')
  live(): object {
    return { status: 'live' };
  }

  @Get('health/ready')
  ready(@Res({ passthrough: true }) response: ServerResponse): object {
    const services = this.subgraphs.states();
    const warnings = this.supergraph.isOutdated ? ['the changed supergraph is not served, the log says why'] : [];
    if (this.supergraph.fingerprint) return { status: 'ready', services, warnings };
    response.statusCode = HttpStatus.SERVICE_UNAVAILABLE;
    return { status: 'unready', reasons: ['no supergraph is served yet'], services };
  }

  @Get('health/startup')
  startup(@Res({ passthrough: true }) response: ServerResponse): object {
    if (this.supergraph.fingerprint) return { status: 'started' };
    response.statusCode = HttpStatus.SERVICE_UNAVAILABLE;
    return { status: 'starting' };
  }

  @Get('version')
  version(): object {
    return { ...releaseOf('gateway'), supergraph: this.supergraph.fingerprint };
  }
}
