import { projectIdOf } from '@tongchou/contracts';
import { isoDate } from '@tongchou/kernel';
import { factsOf, rowsOf, throwAwayDatabase } from '@tongchou/testing';
import pg from 'pg';
import type { ProjectEvent } from '../src/domain/project.ts';
import type { Statement } from '../src/api/works-query.ts';
import { works } from '../src/read-models/works.ts';
import type { WorksRow } from '../src/read-models/works.ts';

const columnName = (field: string): string => field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A work as the read model makes it, with what is said of it beside. */
export function workRow(reference: string, register: string, said: Partial<WorksRow>): object {
  const projectId = projectIdOf(register, reference);
  const registered: ProjectEvent = {
    type: 'ProjectRegistered',
    projectId,
    register,
    reference,
    name: `Work ${reference}`,
    description: '',
    projectType: '',
    managingDepartment: '',
    clientDepartment: '',
    districts: '',
    registeredOn: isoDate('2018-01-01'),
  };
  const [row] = rowsOf(
    works,
    factsOf({ source: 'projects', streamType: 'Project', streamId: projectId }, [registered]),
  );
  return { ...row, ...said };
}

/** The one table alone, filled by hand: for statements, without a service around. */
export async function worksTable() {
  const database = await throwAwayDatabase();
  const columns = Object.entries(works.columns).map(([field, type]) => `${columnName(field)} ${type.replace('?', '')}`);
  await database.run(`create schema rm; create table rm.works (${columns.join()})`);
  const pool = new pg.Pool({ connectionString: database.url, max: 1 });
  return {
    async fill(rows: readonly object[]): Promise<void> {
      const named = rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([field, value]) => [columnName(field), value])),
      );
      await pool.query('delete from rm.works');
      const text = 'insert into rm.works select * from jsonb_populate_recordset(null::rm.works, $1::jsonb)';
      await pool.query(text, [JSON.stringify(named)]);
    },
    async ask<Row extends object>({ text, values }: Statement): Promise<Row[]> {
      return (await pool.query<Row>(text, [...values])).rows;
    },
    async close(): Promise<void> {
      await pool.end();
      await database.drop();
    },
  };
}
