import { Controller, Get, Header } from '@nestjs/common';
import { Metrics } from './metrics.ts';

/** `GET /metrics`: the figures of this process in Prometheus's text format. */
@Controller('metrics')
export class MetricsController {
  readonly #metrics: Metrics;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  @Get()
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  @Header('cache-control', 'no-store')
  scrape(): Promise<string> {
    return this.#metrics.text();
  }
}
