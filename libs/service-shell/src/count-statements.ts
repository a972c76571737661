import type { DataSource } from 'typeorm';
import { currentScope } from './request-scope.ts';

/** Counts the SQL statements that reads send for each request, so that a document's count can be asserted. */
export function countStatements(dataSource: DataSource): void {
  dataSource.subscribers.push({
    beforeQuery: () => {
      const scope = currentScope();
      if (scope) scope.statements += 1;
    },
  });
}
