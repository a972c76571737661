import type { Address } from '../city/door.ts';
import type { Asked } from '../city/questions.ts';
import { askGraph } from '../city/questions.ts';

/** The naive gateway of P18: it asks both services without a deadline and passes on whatever it is told, errors too. */
export async function askNaively(projects: Address, costs: Address, id: string): Promise<Asked> {
  const began = performance.now();
  const representations = [{ __typename: 'Project', id }];
  const entities = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Project { costSheet { ceiling } } } }`;
  const [work, sheet] = await Promise.all([
    askGraph(projects, 'query ($id: ID!) { project(id: $id) { name } }', { id }, PATIENCE_MS),
    askGraph(costs, entities, { representations }, PATIENCE_MS),
  ]);
  const errors = [...work.errors, ...sheet.errors];
  return { ...work, errors, ms: Math.round(performance.now() - began), text: `${work.text}${sheet.text}` };
}

const PATIENCE_MS = 120_000;
