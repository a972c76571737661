import { ResolveField, Resolver } from '@nestjs/graphql';
import type { UserError } from '@tongchou/service-shell';
import { costSheetCommands } from './cost-sheet.resolver.ts';

/** A refusal has a type of its own, called as its code; anything else cannot be shown yet. */
@Resolver('UserError')
export class UserErrorResolver {
  @ResolveField()
  __resolveType({ code }: UserError): string {
    return Object.hasOwn(costSheetCommands.refusals, code) ? code : 'NotShownYet';
  }
}
