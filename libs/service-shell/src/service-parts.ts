import type { DynamicModule, Provider, Type } from '@nestjs/common';
import type { PublicFact } from '@tongchou/contracts';
import type { Fact, Tagged, UpcasterChains } from '@tongchou/kernel';
import type { CommandTable } from './define-commands.ts';

/** A read model whose row and facts only its runner needs to know. Methods, so that a model of narrower facts fits. */
export interface AnyReadModel {
  readonly name: string;
  readonly version: number;
  readonly columns: Readonly<Record<string, string>>;
  readonly primaryKey: readonly string[];
  readonly indexes?: readonly (readonly string[])[];
  key(fact: Fact): object | undefined;
  fold(row: object | undefined, fact: Fact): object;
}

/** A policy over any facts that sends any of this service's commands. */
export interface AnyPolicy {
  readonly name: string;
  react(fact: Fact): readonly Tagged[];
}

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
}

/** What a service's only `@Module` is made of. */
export type ServiceModule = Required<Pick<DynamicModule, 'imports' | 'providers' | 'controllers' | 'exports'>>;
