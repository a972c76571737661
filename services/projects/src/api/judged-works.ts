import { Injectable } from '@nestjs/common';
import { isUuid } from '@tongchou/kernel';
import { batched, Reads, ReferenceDate } from '@tongchou/service-shell';
import type { GraphContext } from '@tongchou/service-shell';
import { works } from '../read-models/works.ts';
import { byIdStatement } from './works-query.ts';
import type { JudgedWork } from './works-query.ts';

/** Rows of the one table by project, judged at the reference date. */
@Injectable()
export class JudgedWorks {
  readonly #reads: Reads;
  readonly #referenceDate: ReferenceDate;

  constructor(reads: Reads, referenceDate: ReferenceDate) {
    this.#reads = reads;
    this.#referenceDate = referenceDate;
  }

  /** All that is asked for in one step of an operation is one statement. */
  one(id: string, context: GraphContext): Promise<JudgedWork | undefined> {
    return batched(context, works.name, id, (ids) => this.byIds(ids, context));
  }

  async byIds(ids: readonly string[], context: GraphContext): Promise<ReadonlyMap<string, JudgedWork>> {
    const known = ids.filter(isUuid);
    if (known.length === 0) return new Map();
    const { text, values } = byIdStatement(known, this.#referenceDate.get());
    const rows = await this.#reads.query(works.name, context, (db) => db.query<JudgedWork[]>(text, [...values]));
    return new Map(rows.map((row) => [row.projectId, row]));
  }
}
