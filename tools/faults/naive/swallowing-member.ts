import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { SAID_WITHIN_MS } from '../check-deaths.ts';
import type { TrialContext } from '../trial.ts';
import { watchDeath } from '../watch-death.ts';
import type { Death } from '../check-deaths.ts';

const APPLICATION = 'naive member';

/** Reads on for ever, swallows every error, and is ready because it runs. */
async function openMember(url: string) {
  let read = 0;
  let open = true;
  const loop = async (): Promise<void> => {
    while (open) {
      const client = new pg.Client({ connectionString: url, application_name: APPLICATION });
      client.on('error', () => undefined);
      try {
        await client.connect();
        for (; open; read += 1) await client.query('select pg_sleep(0.5)');
      } catch {
        await pause(20);
      } finally {
        await client.end().catch(() => undefined);
      }
    }
  };
  const looping = loop();
  const server = createServer((_request, response) => void response.end(JSON.stringify({ status: 'ready' })));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    place: () => Promise.resolve(String(read)),
    async close() {
      open = false;
      await looping;
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Its session is ended again and again, as that of the real one. */
export async function swallowingMember(context: TrialContext, url: string): Promise<Death> {
  const member = await openMember(url);
  const killer = new pg.Client({ connectionString: url });
  await killer.connect();
  const killing = setInterval(() => {
    const text = 'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1';
    void killer.query(text, [APPLICATION]).catch(() => undefined);
  }, 50);
  context.atEnd(async () => {
    clearInterval(killing);
    await member.close();
    await killer.end();
  });
  return watchDeath({ fault: `a member that swallows errors (${SAID_WITHIN_MS / 1_000} s)`, reason: /./, ...member });
}
