import { Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { GraphContext } from '@tongchou/service-shell';
import type { HistoryRow } from '../read-models/project-history.ts';

type Recorded = Pick<HistoryRow, 'projectId' | 'recordedBy' | 'recordedAs' | 'onBehalfOf' | 'requestId'>;

/** A person's name for whom the policy lets see it; that it is shown is recorded. */
const named = (person: string | null, { projectId }: Recorded, context: GraphContext): string | null =>
  person === null ? null : context.reveal('recordedBy', projectId, person);

/** What fields from before there were roles answer: they promise a text. */
const namedOrRole = (row: Recorded, context: GraphContext): string =>
  named(row.recordedBy, row, context) ?? row.recordedAs ?? 'withheld';

/** Who made a fact of a project. */
@Resolver('ProjectHistoryEntry')
export class HistoryRecordedResolver {
  @ResolveField()
  recordedBy(@Parent() row: Recorded, @Context() context: GraphContext): string | null {
    return named(row.recordedBy, row, context);
  }

  @ResolveField()
  onBehalfOf(@Parent() row: Recorded, @Context() context: GraphContext): string | null {
    return named(row.onBehalfOf, row, context);
  }

  @ResolveField()
  actor(@Parent() row: Recorded, @Context() context: GraphContext): string {
    return namedOrRole(row, context);
  }

  @ResolveField()
  correlationId(@Parent() { requestId }: Recorded): string {
    return requestId;
  }
}

/** Who reported a slip. */
@Resolver('Delay')
export class DelayRecordedResolver {
  @ResolveField()
  recordedBy(@Parent() row: Recorded, @Context() context: GraphContext): string | null {
    return named(row.recordedBy, row, context);
  }

  @ResolveField()
  onBehalfOf(@Parent() row: Recorded, @Context() context: GraphContext): string | null {
    return named(row.onBehalfOf, row, context);
  }

  @ResolveField()
  reportedBy(@Parent() row: Recorded, @Context() context: GraphContext): string {
    return namedOrRole(row, context);
  }
}
