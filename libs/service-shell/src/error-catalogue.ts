import type { CommandTable, RefusalPage } from './define-commands.ts';
import { GRAPH_CODES, HTTP_CODES, type CodePage } from './error-codes.ts';

/** One service's refusals for the catalogue. */
export interface RefusalTable {
  readonly service: string;
  readonly aggregates: readonly Pick<CommandTable, 'streamType' | 'refusals'>[];
}

const page = (code: string, { happened, remedy, zh }: RefusalPage, also: string): string =>
  [`### ${code}`, '', happened, '', `**What to do:** ${remedy}`, '', `**中文：** ${zh}`, '', also, ''].join('\n');

const codePages = (codes: Readonly<Record<string, CodePage>>): string =>
  Object.entries(codes)
    .map(([code, one]) => page(code, one, `HTTP ${one.status} · retryable: ${one.retryable ? 'yes' : 'no'}`))
    .join('\n');

const refusalPages = ({ service, aggregates }: RefusalTable): string =>
  aggregates
    .flatMap(({ streamType, refusals }) => [
      `## Refusals of ${service}: ${streamType}\n`,
      ...Object.entries(refusals).map(([code, one]) => page(code, one, `Decided by ${streamType}.`)),
    ])
    .join('\n');

/** `docs/errors.md`: every code that an answer may carry, what happened, what to do, in English and Chinese. Pure. */
export function errorCataloguePage(refusalTables: readonly RefusalTable[]): string {
  return [
    '# Errors\n',
    'Printed by the code (`npm run docs`). Every error of the graph carries `extensions { code service requestId retryable }`;',
    'a refusal by the business stands in the payload of its mutation, or in the verdict of its line at the bulk door.\n',
    '## Codes of the graph\n',
    codePages(GRAPH_CODES),
    '## Codes of HTTP answers and verdicts\n',
    codePages(HTTP_CODES),
    ...refusalTables.map(refusalPages),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}
