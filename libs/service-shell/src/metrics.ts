import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { Attributes, Meter } from '@opentelemetry/api';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { observeProcess } from './process-metrics.ts';

/** Reads when it is asked and listens nowhere: the text is served by the app's own port. */
class OnScrape extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** One figure of a gauge or counter, with its labels. */
export interface Figure {
  readonly value: number;
  readonly labels?: Attributes;
}

/** Of durations, in seconds: from what a commit takes to what a client gives up at. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The figures of one process, or of one standing app in a spec. Names are Prometheus's: base units, `_total` on counters. */
export class Metrics {
  readonly #meter: Meter;
  readonly #reader = new OnScrape();
  readonly #provider: MeterProvider;
  readonly #serializer = new PrometheusSerializer(undefined, false, undefined, true, true);

  constructor(app: string) {
    this.#provider = new MeterProvider({ readers: [this.#reader] });
    this.#meter = this.#provider.getMeter(app);
    observeProcess(this, app);
  }

  /** Tells a duration in seconds, with labels of few values each. */
  histogram(name: string, about: string): (seconds: number, labels?: Attributes) => void {
    const advice = { explicitBucketBoundaries: SECONDS };
    const histogram = this.#meter.createHistogram(name, { description: about, advice });
    return (seconds, labels) => histogram.record(seconds, labels);
  }

  /** Counts up from 0, which is served before anything was counted. */
  counter(name: string, about: string): (count?: number) => void {
    let total = 0;
    this.total(name, about, () => [{ value: total }]);
    return (count = 1) => void (total += count);
  }

  /** A count that is kept elsewhere, asked at each scrape. */
  total(name: string, about: string, read: () => readonly Figure[]): void {
    const counter = this.#meter.createObservableCounter(name, { description: about });
    counter.addCallback((result) => read().forEach(({ value, labels }) => result.observe(value, labels)));
  }

  /** What goes up and down, asked at each scrape: `read` must be cheap. A figure that is not told is not served. */
  gauge(name: string, about: string, read: () => readonly Figure[]): void {
    const gauge = this.#meter.createObservableGauge(name, { description: about });
    gauge.addCallback((result) => read().forEach(({ value, labels }) => result.observe(value, labels)));
  }

  /** All figures as Prometheus's text format 0.0.4. */
  async text(): Promise<string> {
    const { resourceMetrics } = await this.#reader.collect();
    return this.#serializer.serialize(resourceMetrics);
  }
}
