import { describe, xdescribe } from '@jest/globals';

/** `host:port` of the run's Kafka brokers; empty where the run has none, see `describeKafka`. */
export const testBrokers = (): string[] => process.env['TEST_KAFKA_BROKERS']?.split(',') ?? [];

/** Like `describe`. On a machine without a broker its tests are counted as not run, and the run says so below its summary. */
export const describeKafka = (words: string, tests: () => void): void =>
  testBrokers().length > 0 ? describe(words, tests) : xdescribe(words, tests);
