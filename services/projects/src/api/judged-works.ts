import { Injectable } from '@nestjs/common';
import { isUuid } from '@tongchou/kernel';
import { batched, Reads, ReferenceDate } from '@tongchou/service-shell';
import type { GraphContext } from '@tongchou/service-shell';
import { works } from '../read-models/works.ts';
import { byIdStatement } from './works-query.ts';
import type { JudgedWork } from './works-query.ts';

/** Rows of the one table by project, judged at the reference date, as far as the one who does `action` reaches them. */
@Injectable()
export class JudgedWorks {
  readonly #reads: Reads;
  readonly #referenceDate: ReferenceDate;

  constructor(reads: Reads, referenceDate: ReferenceDate) {
    this.#reads = reads;
    this.#referenceDate = referenceDate;
  }

  /** All that is asked for in one step of an operation is one statement. */
  one(id: string, action: string, context: GraphContext): Promise<JudgedWork | undefined> {
    return batched(context, `${works.name} ${action}`, id, (ids) => this.byIds(ids, action, context));
  }

  async byIds(ids: readonly string[], action: string, context: GraphContext): Promise<ReadonlyMap<string, JudgedWork>> {
    const known = ids.filter(isUuid);
    if (known.length === 0) return new Map();
    const viewpoint = { referenceDate: this.#referenceDate.get(), reach: context.reachFor(action) };
    const { text, values } = byIdStatement(known, viewpoint);
    const rows = await this.#reads.query(works.name, context, (db) => db.query<JudgedWork[]>(text, [...values]));
    return new Map(rows.map((row) => [row.projectId, row]));
  }
}
