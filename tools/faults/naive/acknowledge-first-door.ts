import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createInterface } from 'node:readline';
import { projectIdOf } from '@tongchou/contracts';
import { newEventId, openStore } from '@tongchou/event-store';
import { z } from 'zod';

/**
 * The naive door of P1: it answers `accepted` at once and writes every 200 ms what it has gathered. Over the real tables,
 * so that the real checker can judge it. A process of its own, to be killed.
 */
const WRITE_EVERY_MS = 200;

const line = z.object({
  idempotencyKey: z.string(),
  input: z.looseObject({ register: z.string(), reference: z.string() }),
});
type Line = z.output<typeof line>;

const store = await openStore({ url: process.env['DATABASE_URL'] ?? '', service: 'projects' });
let gathered: Line[] = [];

const WRITE = `
with c as (select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::jsonb[]) as c(id, stream, event, data)
  where not exists (select from es.commands k where k.command_id = c.id)),
s as (insert into es.streams (stream_id, stream_type, version, recorded_at) select stream, 'Project', 1, clock_timestamp() from c),
k as (insert into es.commands (scope, command_id, fingerprint, stream_id, version, result) select 'demo', id, '', stream, 1, '{}' from c)
insert into es.events (recorded_at, stream_id, stream_type, version, event_id, event_type, schema_version, data, metadata)
select clock_timestamp(), stream, 'Project', 1, event, 'ProjectRegistered', 1, data, jsonb_build_object('commandId', id) from c`;

const streamOf = ({ input }: Line): string => projectIdOf(input.register, input.reference);

setInterval(() => {
  const now = gathered;
  gathered = [];
  if (now.length === 0) return;
  const columns = [now.map((one) => one.idempotencyKey), now.map(streamOf), now.map(() => newEventId())];
  void store.pool.query(WRITE, [...columns, now.map(({ input }) => JSON.stringify(input))]);
}, WRITE_EVERY_MS);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let number = 0;
  for await (const text of createInterface({ input: request })) {
    const command = line.parse(JSON.parse(text));
    number += 1;
    gathered.push(command);
    const consistencyToken = `projects:Project:${streamOf(command)}@1`;
    response.write(`${JSON.stringify({ line: number, status: 'accepted', consistencyToken })}\n`);
  }
  response.end();
}

createServer((request, response) => void answer(request, response)).listen(
  Number(process.env['PORT']),
  '127.0.0.1',
  () => console.log('listening'),
);
