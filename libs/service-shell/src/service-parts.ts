import type { Place, Policy } from '@tongchou/access';
import type { DynamicModule, Provider, Type } from '@nestjs/common';
import type { PublicFact } from '@tongchou/contracts';
import type { AnyPolicy, AnyReadModel } from '@tongchou/event-store';
import type { Tagged, UpcasterChains } from '@tongchou/kernel';
import type { DataSource } from 'typeorm';
import type { CommandTable } from './define-commands.ts';

/** A service as a list of parts: everything that is peculiar to it. The shell brings the rest. */
export interface ServiceParts {
  /** Lower case; names the database, the topic, the bulk door's route at the gateway and the source of its facts. */
  readonly name: string;
  readonly aggregates: readonly CommandTable[];
  readonly readModels: readonly AnyReadModel[];
  readonly policies: readonly AnyPolicy[];
  /** Names of the services whose facts are received. */
  readonly listensTo: readonly string[];
  /** An own event as others may see it; `undefined` = private: it travels as an envelope without data. */
  published(event: Tagged): PublicFact | undefined;
  readonly upcasters: UpcasterChains;
  /** Absolute path of the subgraph's schema. */
  readonly schemaPath: string;
  readonly resolvers: readonly Type[];
  readonly extraProviders?: readonly Provider[];
  readonly extraControllers?: readonly Type[];
  /**
   * Where these projects are, from the service's own read model; a project that it does not know is left out. Asked only for
   * whoever does not reach the whole city.
   */
  placesOf(db: DataSource, projectIds: readonly string[]): Promise<ReadonlyMap<string, Place>>;
  /** The house's policy where none is given; a sample service of a spec has its own. */
  readonly policy?: Policy;
}

/** What a service's only `@Module` is made of. */
export type ServiceModule = Required<Pick<DynamicModule, 'imports' | 'providers' | 'controllers' | 'exports'>>;
