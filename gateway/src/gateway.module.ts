import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { Logger, Module, type DynamicModule } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import { providerKeys, type ProviderKeys } from '@tongchou/access';
import {
  AnswerError,
  currentScope,
  GRAPH_CODES,
  loggerModule,
  Metrics,
  MetricsController,
  openScope,
} from '@tongchou/service-shell';
import { Admission } from './access/admission.ts';
import { checkRoutes } from './access/route-guard.ts';
import { CommandsController } from './commands/commands.controller.ts';
import { OperationsController } from './commands/operations.controller.ts';
import type { GatewayConfig } from './config.ts';
import { EXPLORED, ExplorerController } from './explorer/explorer.controller.ts';
import { answeredError } from './graph/answered-error.ts';
import { GraphRequest } from './graph/graph-request.ts';
import { SupergraphDriver, type SupergraphDriverConfig } from './graph/supergraph-driver.ts';
import { Supergraph } from './graph/supergraph.ts';
import { GraphMeter } from './http/graph-meter.ts';
import { HealthController } from './http/health.controller.ts';
import { callMeter } from './subgraphs/call-meter.ts';
import { Subgraphs } from './subgraphs/subgraphs.ts';

type Log = Parameters<typeof loggerModule>[0];

/** What a person reads of what is wrong at once. */
const MAX_VALIDATION_ERRORS = 20;

const CONTROLLERS = [
  ...[CommandsController, OperationsController],
  ...[ExplorerController, HealthController, MetricsController],
];

/** The gateway's one module: the graph, the doors to the services, the explorer, health, metrics. */
@Module({})
export class GatewayModule {
  /** Throws when a setting has not its form, or a route no policy. */
  static async of(config: GatewayConfig, log: Log): Promise<DynamicModule> {
    checkRoutes(CONTROLLERS);
    const metrics = new Metrics('gateway');
    const subgraphs = new Subgraphs({ projects: config.projectsUrls, costs: config.costsUrls }, callMeter(metrics));
    const supergraph = new Supergraph(config.supergraph, subgraphs);
    const meter = new GraphMeter(metrics);
    const keys = providerKeys(config.oidcIssuer, (message, err) => log.warn({ err }, message));
    const admission = await Admission.of(config, keys, (message, details) => log.info(details, message));
    observeGateway(metrics, { subgraphs, supergraph, keys });
    return {
      module: GatewayModule,
      imports: [loggerModule(log), graphQLModule(supergraph, meter, admission)],
      controllers: CONTROLLERS,
      providers: [
        { provide: Subgraphs, useValue: subgraphs },
        { provide: Supergraph, useValue: supergraph },
        { provide: Metrics, useValue: metrics },
        { provide: GraphMeter, useValue: meter },
        { provide: Admission, useValue: admission },
        { provide: EXPLORED, useValue: config.demoIssuer ? config.oidcIssuer : undefined },
      ],
    };
  }
}

interface Observed {
  readonly subgraphs: Subgraphs;
  readonly supergraph: Supergraph;
  readonly keys: ProviderKeys;
}

function observeGateway(metrics: Metrics, { subgraphs, supergraph, keys }: Observed): void {
  metrics.gauge('tongchou_ready', '1 when /health/ready says ready.', () => [
    { value: supergraph.fingerprint === undefined ? 0 : 1 },
  ]);
  metrics.gauge('tongchou_gateway_breaker_open', '1 while calls are kept away from an instance that failed.', () =>
    subgraphs.breakers().map(({ subgraph, member, open }) => ({ value: open ? 1 : 0, labels: { subgraph, member } })),
  );
  metrics.gauge(
    'tongchou_gateway_provider_keys_age_seconds',
    "How old the identity provider's keys at hand are.",
    () => {
      const ageMs = keys.ageMs();
      return ageMs === undefined ? [] : [{ value: ageMs / 1_000 }];
    },
  );
}

function graphQLModule(gateway: Supergraph, meter: GraphMeter, admission: Admission): DynamicModule {
  return GraphQLModule.forRoot<SupergraphDriverConfig>({
    driver: SupergraphDriver,
    gateway,
    path: '/graphql',
    graphiql: false,
    introspection: true,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    includeStacktraceInErrorResponses: false,
    autoTransformHttpErrors: false,
    validationOptions: { maxErrors: MAX_VALIDATION_ERRORS },
    formatError: answeredError,
    context: ({ req, res }: { req: IncomingMessage; res: ServerResponse }) => ({
      graphRequest: newRequest(req, res, admission),
      request: req,
    }),
    // Two of these would report to a vendor when its key happens to stand in the environment.
    plugins: [
      meter.plugin,
      ApolloServerPluginUsageReportingDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginCacheControlDisabled(),
    ],
  });
}

const missed = new Logger('subgraph');

function newRequest(request: IncomingMessage, response: ServerResponse, admission: Admission): GraphRequest {
  const caller = admission.callerOf(request);
  if (!caller) throw new AnswerError('UNAUTHENTICATED', GRAPH_CODES.UNAUTHENTICATED.happened);
  const gone = new AbortController();
  response.once('close', () => response.writableFinished || gone.abort());
  const scope = currentScope() ?? openScope(request.headers);
  return new GraphRequest(
    request.headers,
    { caller, traceparent: scope.traceparent },
    gone.signal,
    ({ code, service, seen }) => missed.warn(`${code} ${service}, request ${scope.requestId}: ${seen}`),
  );
}
