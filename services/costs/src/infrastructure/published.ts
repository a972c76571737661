import { costsContracts } from '@tongchou/contracts';
import type { CostsFact, PublicFact } from '@tongchou/contracts';
import type { CostSheetEvent } from '../domain/cost-sheet.ts';

type Public = Extract<CostSheetEvent, { readonly type: keyof typeof costsContracts }>;

const isPublic = (event: CostSheetEvent): event is Public => Object.hasOwn(costsContracts, event.type);

/** An event in its contract's shape: one that breaks the contract does not compile. */
const inContract = (event: Public): CostsFact => event;

/** An own event as others may hear it. One without a contract stays private: it travels without data. */
export function published(event: CostSheetEvent): PublicFact | undefined {
  if (!isPublic(event)) return undefined;
  const { type, ...data } = inContract(event);
  return { type, schemaVersion: costsContracts[type].version, data };
}
