import { Server } from '@nestjs/microservices';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import type { Log } from '@tongchou/event-store';
import type { Bus, PartitionBatch, Subscription, SubscriptionStatus } from './bus.ts';

const PAUSE_AFTER_FAILURE_MS = 1_000;

export interface BusTransportOptions {
  readonly bus: Bus;
  /** The listening service. */
  readonly group: string;
  readonly log: Log;
  /** A receiver's: where its store says to read on. */
  readonly startAt?: (topic: string, partition: number) => Promise<number | undefined>;
}

/**
 * Nest over the bus: the one `@EventPattern(topic)` handler of a topic is given each `PartitionBatch`, and the next one only
 * when what it returned has settled. A handler that fails pauses its partition; the batch comes again.
 */
export class BusTransport extends Server implements CustomTransportStrategy {
  // What a handler returns is waited for here, failures included, so Nest need not look at them.
  override readonly propagatesEventHandlerErrors = true;
  private readonly options: BusTransportOptions;
  private subscription: Subscription | undefined;
  private subscribing: Promise<void> = Promise.resolve();

  constructor(options: BusTransportOptions) {
    super();
    this.options = options;
  }

  listen(callback: (error?: unknown) => void): void {
    this.subscribing = this.subscribe();
    this.subscribing.then(
      () => callback(),
      (error: unknown) => callback(error),
    );
  }

  async close(): Promise<void> {
    await this.subscribing.catch(() => undefined);
    await this.subscription?.close();
  }

  subscriptionStatus(): SubscriptionStatus {
    return this.subscription?.status() ?? { healthy: false, reason: 'not subscribed', assigned: [] };
  }

  /** The bus has no events of its own to listen to; `subscriptionStatus` tells how it is. */
  on(): void {}

  unwrap<T>(): T {
    return this.options.bus as T;
  }

  private async subscribe(): Promise<void> {
    const { bus, group, startAt } = this.options;
    this.subscription = await bus.subscribe({
      group,
      topics: [...this.messageHandlers.keys()],
      from: 'earliest',
      onBatch: (batch) => this.deliver(batch),
      ...(startAt && { startAt }),
    });
  }

  private async deliver(batch: PartitionBatch): Promise<void> {
    const { topic, partition, from } = batch;
    try {
      const returned: unknown = await this.getHandlerByPattern(topic)?.(batch);
      if (isObservable(returned)) await lastValueFrom(returned, { defaultValue: undefined });
    } catch (error) {
      this.options.log.error({ err: error, topic, partition, offset: from }, 'handler failed: its batch comes again');
      batch.retryLater(PAUSE_AFTER_FAILURE_MS);
    }
  }
}
