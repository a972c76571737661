import { z } from 'zod';
import { askService } from './ask-service.ts';
import type { ServiceDoor } from './door.ts';

const serviceStatus = z.looseObject({
  version: z.string(),
  unready: z.array(z.string()),
  runner: z
    .looseObject({
      leading: z.boolean(),
      models: z.array(z.looseObject({ name: z.string(), version: z.number(), stopped: z.string().optional() })),
    })
    .optional(),
  policies: z.looseObject({ leading: z.boolean().optional() }).optional(),
  receiver: z
    .looseObject({
      assigned: z.array(z.looseObject({ topic: z.string(), partition: z.number() })),
      received: z.number(),
      skipped: z.number(),
    })
    .optional(),
  relay: z.looseObject({ leading: z.boolean(), trouble: z.string().optional() }).optional(),
  clock: z.looseObject({ alarm: z.string().optional() }).optional(),
  freshness: z.array(
    z.looseObject({ source: z.string(), closedInstant: z.string().nullable(), lagMs: z.number().nullable() }),
  ),
});

/** How a service says it is. */
export type ServiceStatus = z.infer<typeof serviceStatus>;

export const statusOf = (door: ServiceDoor): Promise<ServiceStatus> => askService(door, 'status', serviceStatus);

const parked = z.object({
  parked: z.array(
    z.looseObject({
      id: z.string(),
      topic: z.string(),
      partition: z.number(),
      offset: z.number(),
      source: z.string(),
      streamId: z.string().nullable(),
      version: z.number().nullable(),
      reason: z.string(),
      detail: z.string(),
      parkedAt: z.string(),
    }),
  ),
});

export type ParkedEntry = z.infer<typeof parked>['parked'][number];

/** What a service has parked, streams together, each in order; at most 1,000. */
export async function parkedOf(
  door: ServiceDoor,
  filter: Readonly<Record<string, string>> = {},
): Promise<ParkedEntry[]> {
  const query = new URLSearchParams({ limit: '1000', ...filter });
  return (await askService(door, `parked?${query.toString()}`, parked)).parked;
}
