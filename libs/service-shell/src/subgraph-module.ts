import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
} from '@apollo/server/plugin/disabled';
import { ApolloFederationDriver, type ApolloFederationDriverConfig } from '@nestjs/apollo';
import type { DynamicModule } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import type { Logger } from 'pino';
import { formatErrorOf } from './format-error.ts';
import { freshnessPlugin } from './freshness-plugin.ts';
import { GraphContext } from './graph-context.ts';
import { guardSchema } from './guarded-schema.ts';
import { graphTextPlugin } from './graph-text-plugin.ts';
import { scalars } from './scalars.ts';
import type { ServiceParts } from './service-parts.ts';

const DOCUMENT_TOKENS_MAX = 10_000;

/** A subgraph from its schema, written by hand, guarded by the policy; resolvers are found in the module. */
export function subgraphModule(
  { name: service, schemaPath, policy }: Pick<ServiceParts, 'name' | 'schemaPath' | 'policy'>,
  log: Pick<Logger, 'error'>,
): DynamicModule {
  const schema = readFileSync(schemaPath, 'utf8');
  const plugins: ApolloServerPlugin<GraphContext>[] = [
    graphTextPlugin,
    freshnessPlugin,
    ApolloServerPluginInlineTraceDisabled(),
    ApolloServerPluginCacheControlDisabled(),
  ];
  return GraphQLModule.forRoot<ApolloFederationDriverConfig>({
    driver: ApolloFederationDriver,
    typeDefs: schema,
    resolvers: scalarsOf(schema),
    context: ({ req }: { req: IncomingMessage }) => new GraphContext(req, policy),
    transformSchema: guardSchema,
    formatError: formatErrorOf(service, (err, requestId) => log.error({ err, requestId }, 'a field failed')),
    plugins,
    graphiql: false,
    introspection: true,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    autoTransformHttpErrors: false,
    includeStacktraceInErrorResponses: false,
    parseOptions: { maxTokens: DOCUMENT_TOKENS_MAX },
    resolverValidationOptions: { requireResolversForResolveType: 'ignore' },
  });
}

/** Only what the schema declares: a resolver without its type is refused. */
const scalarsOf = (schema: string): typeof scalars =>
  Object.fromEntries(
    Object.entries(scalars).filter(([name]) => new RegExp(`^\\s*scalar ${name}\\b`, 'm').test(schema)),
  );
