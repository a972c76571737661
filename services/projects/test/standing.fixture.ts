import { randomUUID } from 'node:crypto';
import { costSheetIdOf, toMessage, topicOf } from '@tongchou/contracts';
import type { CostsFact } from '@tongchou/contracts';
import type { ProjectId } from '@tongchou/kernel';
import { openPostgresBus } from '@tongchou/messaging';
import type { RelayCheckpoint } from '@tongchou/messaging';
import { defineConfig, standUp } from '@tongchou/service-shell';
import { factsOf, throwAwayDatabase } from '@tongchou/testing';
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

/** The service on databases of the spec's own; facts of costs are put on its bus by hand. */
export async function standingProjects(settings: Partial<ProjectsConfig> = {}) {
  const [own, shared] = [await throwAwayDatabase(), await throwAwayDatabase()];
  const config: ProjectsConfig = {
    ...defineConfig(projectsSettings, {
      PORT: '0',
      LOG_LEVEL: 'silent',
      PROJECTS_DATABASE_URL: own.url,
      BUS_DATABASE_URL: shared.url,
      CURRENCY: 'USD',
      REFERENCE_DATE: '2018-08-31',
    }),
    ...settings,
  };
  const standing = await standUp(ProjectsModule.with(config), config);
  const bus = await openPostgresBus({ url: shared.url, log: silent });
  const topic = topicOf('costs');
  await bus.openTopic(topic);
  let last: RelayCheckpoint | undefined;

  async function publish(projectId: ProjectId, facts: readonly CostsFact[]): Promise<void> {
    const stream = { source: 'costs', streamType: 'CostSheet', streamId: costSheetIdOf(projectId) };
    const messages = factsOf(stream, facts).map((fact) => {
      const { type, ...data } = fact.event;
      const message = toMessage(fact, { type, schemaVersion: 1, data });
      return { ...message, headers: { ...message.headers, generation } };
    });
    const to: RelayCheckpoint = { generation, cursor: randomUUID(), epoch: 1, systemIdentifier: 'costs' };
    await bus.publish(topic, messages, { from: last, to });
    last = to;
  }
  const generation = randomUUID();

  async function ask<Data>(query: string, variables: object = {}, headers: Readonly<Record<string, string>> = {}) {
    const response = await fetch(`${standing.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, variables }),
    });
    const body = (await response.json()) as { data: Data; errors?: readonly GraphError[] };
    const statements = Number(/(\d+) statements/.exec(response.headers.get('server-timing') ?? '')?.[1]);
    return { ...body, statements };
  }

  async function send(commands: readonly { readonly command: string; readonly input: object }[]): Promise<Verdict[]> {
    const lines = commands.map((one) => JSON.stringify({ ...one, idempotencyKey: randomUUID() }));
    const response = await fetch(`${standing.url}/v1/commands`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: lines.join('\n'),
    });
    const answered = (await response.text()).split('\n').filter((line) => line !== '');
    return answered.map((line): Verdict => JSON.parse(line));
  }

  return {
    ask,
    send,
    publish,
    async close(): Promise<void> {
      await bus.close();
      await standing.close();
      await own.drop();
      await shared.drop();
    },
  };
}
