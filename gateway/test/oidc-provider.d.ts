declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  /** The little of a certified OpenID provider that the specs use. */
  export class Provider {
    constructor(issuer: string, configuration: object);
    callback(): RequestListener;
  }
}
