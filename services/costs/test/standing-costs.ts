import { randomUUID } from 'node:crypto';
import type { Principal } from '@tongchou/access';
import { projectIdOf, projectsContracts, toMessage, topicOf } from '@tongchou/contracts';
import type { PublicFact } from '@tongchou/contracts';
import type { ProjectId } from '@tongchou/kernel';
import { openPostgresBus } from '@tongchou/messaging';
import type { Bus, RelayCheckpoint } from '@tongchou/messaging';
import { createLog, defineConfig, standUp } from '@tongchou/service-shell';
import type { Standing } from '@tongchou/service-shell';
import { EVERY_ROLE, factsOf, testAccess, throwAwayDatabase } from '@tongchou/testing';
import pg from 'pg';
import { settings } from '../src/config.ts';
import { CostsModule } from '../src/costs.module.ts';

const REGISTER = 'spec';

const LOG = createLog('spec', 'silent');

/** The topic of projects, as its relay writes it: whole streams from version 1. */
function projectsSpeaking(bus: Bus) {
  let from: RelayCheckpoint | undefined;
  const generation = randomUUID();
  const versions = new Map<string, number>();
  return async (projectId: ProjectId, ...facts: PublicFact[]): Promise<void> => {
    const said = versions.get(projectId) ?? 0;
    versions.set(projectId, said + facts.length);
    const stream = { source: 'projects', streamType: 'Project', streamId: projectId };
    const events = facts.map(({ type }) => ({ type }));
    const messages = factsOf(stream, [...Array.from({ length: said }, () => ({ type: '' })), ...events])
      .slice(said)
      .map((fact, index) => toMessage(fact, facts[index]));
    const to = { generation, cursor: randomUUID(), epoch: 1, systemIdentifier: 'spec' };
    await bus.publish(topicOf('projects'), messages, { from, to });
    from = to;
  };
}

/** Costs on databases of its own, with projects to be heard over the bus. */
export async function standingCosts() {
  const own = await throwAwayDatabase();
  const shared = await throwAwayDatabase();
  const bus = await openPostgresBus({ url: shared.url, log: LOG });
  await bus.openTopic(topicOf('projects'));
  const say = projectsSpeaking(bus);
  const access = await testAccess();
  const config = defineConfig(settings, {
    PORT: '0',
    LOG_LEVEL: 'silent',
    COSTS_DATABASE_URL: own.url,
    BUS_DATABASE_URL: shared.url,
    CURRENCY: 'USD',
    PRINCIPAL_KEYS: access.keys,
  });
  const standing: Standing = await standUp(CostsModule.with(config), config);
  const database = new pg.Pool({ connectionString: own.url, max: 2 });
  return {
    url: standing.url,
    /** With which this principal asks; somebody of every role where none is given. */
    headers: (principal: Principal = EVERY_ROLE) => access.headers('costs', principal),
    bus,
    database,
    idOf: (reference: string): ProjectId => projectIdOf(REGISTER, reference),
    register: (reference: string, place: { managingDepartment?: string; districts?: string } = {}): Promise<void> => {
      const projectId = projectIdOf(REGISTER, reference);
      const { example } = projectsContracts.ProjectRegistered;
      const data = { ...example, projectId, register: REGISTER, reference, ...place };
      return say(projectId, { type: 'ProjectRegistered', schemaVersion: 1, data });
    },
    correct: (reference: string, details: object): Promise<void> =>
      say(projectIdOf(REGISTER, reference), {
        type: 'ProjectCorrected',
        schemaVersion: 1,
        data: { details, reason: 'typing error' },
      }),
    cancel: (reference: string, reason: string): Promise<void> =>
      say(projectIdOf(REGISTER, reference), { type: 'ProjectCancelled', schemaVersion: 1, data: { reason } }),
    close: async (): Promise<void> => {
      await standing.close();
      await database.end();
      await bus.close();
      await own.drop();
      await shared.drop();
    },
  };
}

export type StandingCosts = Awaited<ReturnType<typeof standingCosts>>;
