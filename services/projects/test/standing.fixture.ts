import { randomUUID } from 'node:crypto';
import type { Principal } from '@tongchou/access';
import { costSheetIdOf, toMessage, topicOf } from '@tongchou/contracts';
import type { CostsFact } from '@tongchou/contracts';
import type { ProjectId } from '@tongchou/kernel';
import { openPostgresBus } from '@tongchou/messaging';
import type { RelayCheckpoint } from '@tongchou/messaging';
import { defineConfig, standUp } from '@tongchou/service-shell';
import { EVERY_ROLE, factsOf, testAccess, throwAwayDatabase } from '@tongchou/testing';
import pg from 'pg';
import { settings as projectsSettings, type ProjectsConfig } from '../src/config.ts';
import { ProjectsModule } from '../src/projects.module.ts';

export interface GraphError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: Readonly<Record<string, unknown>>;
}

interface Verdict {
  readonly status: string;
  readonly code?: string;
  readonly message?: string;
  readonly consistencyToken?: string;
}

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The service on databases of the spec's own, asked as somebody of every role; facts of costs are put on its bus by hand. */
export async function standingProjects(settings: Partial<ProjectsConfig> = {}) {
  const [own, shared] = [await throwAwayDatabase(), await throwAwayDatabase()];
  const access = await testAccess();
  const config: ProjectsConfig = {
    ...defineConfig(projectsSettings, {
      PORT: '0',
      LOG_LEVEL: 'silent',
      PROJECTS_DATABASE_URL: own.url,
      BUS_DATABASE_URL: shared.url,
      CURRENCY: 'USD',
      REFERENCE_DATE: '2018-08-31',
      PRINCIPAL_KEYS: access.keys,
    }),
    ...settings,
  };
  const standing = await standUp(ProjectsModule.with(config), config);
  const bus = await openPostgresBus({ url: shared.url, log: silent });
  const database = new pg.Pool({ connectionString: own.url, max: 2 });
  const topic = topicOf('costs');
  await bus.openTopic(topic);
  let last: RelayCheckpoint | undefined;

  async function publish(projectId: ProjectId, facts: readonly CostsFact[]): Promise<void> {
    const stream = { source: 'costs', streamType: 'CostSheet', streamId: costSheetIdOf(projectId) };
    const before = said.get(projectId) ?? 0;
    said.set(projectId, before + facts.length);
    const filled = [...Array.from({ length: before }, () => facts[0]), ...facts].filter((one) => one !== undefined);
    const messages = factsOf(stream, filled)
      .slice(before)
      .map((fact) => {
        const { type, ...data } = fact.event;
        const message = toMessage(fact, { type, schemaVersion: 1, data });
        return { ...message, headers: { ...message.headers, generation } };
      });
    const to: RelayCheckpoint = { generation, cursor: randomUUID(), epoch: 1, systemIdentifier: 'costs' };
    await bus.publish(topic, messages, { from: last, to });
    last = to;
  }
  const generation = randomUUID();

  const said = new Map<ProjectId, number>();

  /** The service as it answers this principal. */
  const as = (principal: Principal) => ({
    async ask<Data>(query: string, variables: object = {}, headers: Readonly<Record<string, string>> = {}) {
      const response = await fetch(`${standing.url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(await access.headers('projects', principal)),
          ...headers,
        },
        body: JSON.stringify({ query, variables }),
      });
      const body = (await response.json()) as { data: Data; errors?: readonly GraphError[] };
      const statements = Number(/(\d+) statements/.exec(response.headers.get('server-timing') ?? '')?.[1]);
      return { ...body, statements };
    },

    async send(commands: readonly { readonly command: string; readonly input: object }[]): Promise<Verdict[]> {
      const lines = commands.map((one) => JSON.stringify({ ...one, idempotencyKey: randomUUID() }));
      const response = await fetch(`${standing.url}/v1/commands`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson', ...(await access.headers('projects', principal)) },
        body: lines.join('\n'),
      });
      const answered = (await response.text()).split('\n').filter((line) => line !== '');
      return answered.map((line): Verdict => JSON.parse(line));
    },
  });

  return {
    ...as(EVERY_ROLE),
    as,
    publish,
    database,
    async close(): Promise<void> {
      await database.end();
      await bus.close();
      await standing.close();
      await own.drop();
      await shared.drop();
    },
  };
}
