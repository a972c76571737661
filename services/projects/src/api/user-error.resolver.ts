import { Parent, ResolveField, Resolver } from '@nestjs/graphql';
import type { UserError } from '@tongchou/service-shell';
import { PHASES } from '../domain/phase.ts';
import { phaseCode } from '../read-models/phase-code.ts';
import { projectCommands } from './project.resolver.ts';

/** A refusal has a type of its own, called as its code; anything else cannot be shown yet. */
@Resolver('UserError')
export class UserErrorResolver {
  @ResolveField()
  __resolveType({ code }: UserError): string {
    return Object.hasOwn(projectCommands.refusals, code) ? code : 'NotShownYet';
  }
}

/** Details of refusals in the words of the graph. */
@Resolver('PastAcceptance')
export class PastAcceptanceResolver {
  @ResolveField()
  phase(@Parent() { phase: accepted }: UserError): string | undefined {
    const phase = PHASES.find((one) => one === accepted);
    return phase && phaseCode(phase);
  }
}
