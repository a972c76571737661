import type { GatewayInterface } from '@apollo/server-gateway-interface';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Injectable } from '@nestjs/common';

/** Nest's options of Apollo Server, which leave out the one that this server is about. */
export interface SupergraphDriverConfig extends ApolloDriverConfig {
  readonly gateway: GatewayInterface;
}

/** Nest's Apollo driver with a supergraph in the place of a schema of resolvers. */
@Injectable()
export class SupergraphDriver extends ApolloDriver {
  override generateSchema(): null {
    return null;
  }

  override async start(options: ApolloDriverConfig): Promise<void> {
    const { schema: _none, typeDefs: _neither, ...rest } = options;
    await super.start(rest);
  }
}
