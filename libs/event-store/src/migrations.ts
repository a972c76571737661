import { type DataSource, MigrationExecutor, type MigrationInterface, type QueryRunner } from 'typeorm';
import { ENGINE_SCHEMA, GENERATIONS_SCHEMA, PUBLISHED_SCHEMA } from './schema.ts';

/** Any number that no other user of the database takes as an advisory lock. */
const MIGRATION_LOCK = 7_300_416_002;
const WAIT_FOR_OTHERS = '60s';

export class EngineSchema1764000000000 implements MigrationInterface {
  readonly name = 'EngineSchema1764000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(ENGINE_SCHEMA);
  }

  async down(): Promise<void> {
    throw new Error('Facts are kept for ever: the engine has no way back from its first migration. Restore a backup.');
  }
}

export class PublishedCheckpoints1764100000000 implements MigrationInterface {
  readonly name = 'PublishedCheckpoints1764100000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(PUBLISHED_SCHEMA);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop table es.published');
  }
}

export class Generations1764200000000 implements MigrationInterface {
  readonly name = 'Generations1764200000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(GENERATIONS_SCHEMA);
  }

  async down(): Promise<void> {
    throw new Error('Other services take facts from this origin alone: there is no way back. Restore a backup.');
  }
}

/** The engine's, in their order. */
export const ENGINE_MIGRATIONS = [
  EngineSchema1764000000000,
  PublishedCheckpoints1764100000000,
  Generations1764200000000,
] as const;

/**
 * Runs what is pending, all or nothing. Many instances may do so at once: TypeORM takes no lock, so one is held here for
 * the length of the transaction; the others wait up to a minute and then find nothing to do.
 */
export async function migrate(dataSource: DataSource): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.startTransaction();
    await runner.query(`set local lock_timeout = '${WAIT_FOR_OTHERS}'; set local statement_timeout = 0`);
    await runner.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await new MigrationExecutor(dataSource, runner).executePendingMigrations();
    await runner.commitTransaction();
  } catch (error) {
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  } finally {
    await runner.release();
  }
}
