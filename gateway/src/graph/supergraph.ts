import { createHash } from 'node:crypto';
import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type {
  GatewayExecutor,
  GatewayInterface,
  GatewayLoadResult,
  GatewaySchemaLoadOrUpdateCallback,
} from '@apollo/server-gateway-interface';
import { Logger } from '@nestjs/common';
import { getOperationAST, getVariableValues, type GraphQLSchema } from 'graphql';
import type { Subgraphs } from '../subgraphs/subgraphs.ts';
import type { GraphExecutor } from './graph-executor.ts';
import type { GraphRequest } from './graph-request.ts';
import { hiveGraph } from './hive-graph.ts';

const LOOK_EVERY_MS = 1_000;
/** Each error of a variable shows all of it: fifty of a large one would take long to write. */
const FEW_ERRORS = { maxErrors: 5 };

interface Loaded {
  readonly sdl: string;
  readonly executor: GraphExecutor;
}

/**
 * The committed supergraph, served: read from its file at start, whether services are up or not, and swapped whole when the
 * file changes. A request ends on the graph on which it began; the old graph goes with its last request. A file that is no
 * supergraph changes nothing and is logged.
 */
export class Supergraph implements GatewayInterface {
  private readonly log = new Logger('supergraph');
  private readonly executors = new WeakMap<GraphQLSchema, GraphExecutor>();
  private readonly listeners = new Set<GatewaySchemaLoadOrUpdateCallback>();
  private loaded: Loaded | undefined;
  private refused = false;

  constructor(
    private readonly file: string,
    private readonly subgraphs: Subgraphs,
  ) {}

  onSchemaLoadOrUpdate(listener: GatewaySchemaLoadOrUpdateCallback): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Throws when the file cannot be read or holds no supergraph: without one there is nothing to serve. */
  async load(): Promise<GatewayLoadResult> {
    this.serve(await readFile(this.file, 'utf8'));
    watchFile(this.file, { interval: LOOK_EVERY_MS, persistent: false }, this.changed);
    return { executor: this.execute };
  }

  async stop(): Promise<void> {
    unwatchFile(this.file, this.changed);
  }

  /** Tells one supergraph from another; `undefined` before the first is served. */
  get fingerprint(): string | undefined {
    return this.loaded && createHash('sha256').update(this.loaded.sdl).digest('hex').slice(0, 16);
  }

  /** The file has changed into something that is not served. */
  get isOutdated(): boolean {
    return this.refused;
  }

  private readonly changed = (): void => void this.look();

  private async look(): Promise<void> {
    try {
      const sdl = await readFile(this.file, 'utf8');
      if (sdl !== this.loaded?.sdl) this.serve(sdl);
      this.refused = false;
      this.log.log(`now serving supergraph ${this.fingerprint}`);
    } catch (error) {
      this.refused = true;
      this.log.error(`the changed supergraph is not served, the old one stays: ${String(error)}`);
    }
  }

  private serve(sdl: string): void {
    const executor = hiveGraph(sdl, (name) => this.subgraphs.get(name));
    if (!executor.schema.getQueryType()) throw new Error(`${this.file} holds no supergraph; npm run docs prints one`);
    this.executors.set(executor.schema, executor);
    for (const listener of this.listeners) listener({ apiSchema: executor.schema, coreSupergraphSdl: sdl });
    this.loaded = { sdl, executor };
  }

  private readonly execute: GatewayExecutor = async ({ schema, document, request, operationName, context }) => {
    const executor = this.executors.get(schema);
    if (!executor) throw new Error('an operation on a graph that was never served');
    const variables = request.variables ?? {};
    const definitions = getOperationAST(document, operationName)?.variableDefinitions ?? [];
    const { errors } = getVariableValues(schema, definitions, variables, FEW_ERRORS);
    if (errors) return { errors };
    const graphRequest: GraphRequest = context['graphRequest'];
    const result = await executor.execute({
      document,
      operationName: operationName ?? undefined,
      variables,
      request: graphRequest,
    });
    const extensions = graphRequest.extensions();
    return { ...result, ...(extensions && { extensions }) };
  };
}
