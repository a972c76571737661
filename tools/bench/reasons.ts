import type { Reasons } from './report.ts';

const THREE_ROWS = 'it writes three rows where a bare insert writes one; what each of them costs stands below';

/** Why a figure misses its bar, as far as somebody found out; read only where it misses. */
export const REASONS: Reasons = {
  'engine over emmett, 16 callers':
    'the bar comes from a machine where Emmett reached 2,100 events/s and the engine 12,000; where a commit costs well under a millisecond, sharing commits saves less, and Emmett gains more from that than the engine',
  'engine at 256 callers over raw inserts of 200, 1 at a time': THREE_ROWS,
  'engine at 256 callers over raw inserts of 200, 2 at a time': THREE_ROWS,
  'adapter over raw kafkajs, produce':
    'every batch pays for two round trips to the store, one of them a commit; where other work keeps the cores busy they wait for one, while sizes and partitions cost less than a millisecond a batch',
  'other service over Kafka, p50':
    'kafkajs fetches again only when all partitions of a fetch are stored, each in a transaction of its own, six at a time, so that a fact waits for two or three of them before its own; twelve at a time halve that, but would take the whole pool of ten from commands',
};
