import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from './metrics.ts';
import { releaseOf } from './release.ts';

const RESOLUTION_MS = 20;
const NS = 1e9;

/** Node's own figures under the names that dashboards know, and what runs here. */
export function observeProcess(metrics: Metrics, app: string): void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  // The histogram measures its own timer: what lies above its resolution is the loop's lag.
  const lag = (ns: number): number => Math.max(0, ns / NS - RESOLUTION_MS / 1_000);
  const { service, version, node } = releaseOf(app);
  metrics.gauge('tongchou_build_info', 'What runs here; always 1.', () => [
    { value: 1, labels: { service, version, node } },
  ]);
  metrics.gauge(
    'nodejs_eventloop_lag_p99_seconds',
    'Lag of the event loop since the scrape before, 99th percentile.',
    () => [{ value: lag(delay.percentile(99)) }],
  );
  metrics.gauge('nodejs_eventloop_lag_max_seconds', 'Lag of the event loop since the scrape before, longest.', () => {
    const value = lag(delay.max);
    delay.reset();
    return [{ value }];
  });
  metrics.gauge('nodejs_heap_size_used_bytes', 'Memory that live and not yet collected objects take.', () => [
    { value: process.memoryUsage().heapUsed },
  ]);
  metrics.gauge('process_resident_memory_bytes', 'Resident memory of the process.', () => [
    { value: process.memoryUsage.rss() },
  ]);
  metrics.gauge('process_start_time_seconds', 'When the process started, seconds since 1970.', () => [
    { value: Date.now() / 1_000 - process.uptime() },
  ]);
  metrics.total('process_cpu_seconds_total', 'Processor time of the process, user and system.', () => {
    const { user, system } = process.cpuUsage();
    return [{ value: (user + system) / 1e6 }];
  });
}
