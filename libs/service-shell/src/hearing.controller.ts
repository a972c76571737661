import { Controller, Inject, type Type } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { PartitionBatch } from '@tongchou/messaging';
import { Engine } from './engine.ts';

/** The one handler of a topic: each batch of a partition is stored before the next one is handed out. */
export function hearingController(topic: string): Type {
  @Controller()
  class HearingController {
    readonly #engine: Engine;

    constructor(@Inject(Engine) engine: Engine) {
      this.#engine = engine;
    }

    @EventPattern<Record<string, PartitionBatch>>(topic)
    hear(@Payload() batch: PartitionBatch): Promise<void> {
      return this.#engine.receiver.receive(batch);
    }
  }
  return HearingController;
}
