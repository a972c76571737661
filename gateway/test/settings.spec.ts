import { beforeAll, describe, expect, it } from '@jest/globals';
import { testAccess } from '@tongchou/testing';
import { readConfig } from '../src/config.ts';
import { accessEnv } from './sample-city.ts';

let right: Record<string, string>;
beforeAll(async () => {
  right = {
    ...accessEnv({ url: 'https://id.example.org/office' }, await testAccess()),
    SUPERGRAPH: import.meta.filename,
  };
});

const production = (env: Record<string, string>) => () => readConfig({ NODE_ENV: 'production', ...right, ...env });

describe('the settings', () => {
  it('are listed together when they are wrong, and nothing starts', () => {
    const env = {
      PORT: 'x',
      HOST: 'not a host',
      PROJECTS_URL: 'http://a/graphql',
      COSTS_URL: 'localhost:4002',
      SUPERGRAPH: '/none',
      CORS_ORIGINS: '*',
      LOG_LEVEL: 'loud',
      CORS_ORIGIN: 'x',
      OIDC_ISSUER: 'id.example.org',
      OIDC_AUDIENCES: 'x',
      PRINCIPAL_SIGNING_KEY: '{"kty":"oct","kid":"1","k":"c2VjcmV0"}',
      METRICS_TOKEN: 'short',
      DEMO_ISSUER: 'yes',
    };
    expect(() => readConfig(env)).toThrow(/13 settings are not right/);
    for (const name of Object.keys(env)) expect(() => readConfig(env)).toThrow(`${name}: given`);
    expect(() => readConfig(env)).not.toThrow('c2VjcmV0');
  });

  it('have defaults, but for who asks', () => {
    expect(readConfig(right)).toMatchObject({
      port: 4000,
      host: '127.0.0.1',
      projectsUrls: ['http://127.0.0.1:4001'],
      costsUrls: ['http://127.0.0.1:4002'],
      corsOrigins: [],
      oidcAudience: 'tongchou',
      metricsToken: undefined,
      demoIssuer: false,
    });
    expect(() => readConfig({ SUPERGRAPH: import.meta.filename })).toThrow(
      /2 settings are not right(?=.*OIDC_ISSUER: given nothing)(?=.*PRINCIPAL_SIGNING_KEY: given nothing)/s,
    );
  });

  it('of a public key sign nothing', () => {
    const { d: _, ...open } = JSON.parse(right['PRINCIPAL_SIGNING_KEY'] ?? '');
    expect(() => readConfig({ ...right, PRINCIPAL_SIGNING_KEY: JSON.stringify(open) })).toThrow(
      /PRINCIPAL_SIGNING_KEY: given a secret of \d+ characters \(not shown\)/,
    );
  });

  it('of a demo do not start in production, nor does an issuer that anybody could be', () => {
    expect(production({})).not.toThrow();
    expect(production({ DEMO_ISSUER: 'true' })).toThrow('DEMO_ISSUER: given true');
    const made = ['http://127.0.0.1:4005', 'http://id.example.org', 'https://localhost', 'https://[::1]:8443'];
    for (const OIDC_ISSUER of [...made, 'https://127.0.0.2', 'https://a.localhost', 'https://2130706433']) {
      expect(production({ OIDC_ISSUER })).toThrow('OIDC_ISSUER: given');
      expect(() => readConfig({ ...right, OIDC_ISSUER, DEMO_ISSUER: 'true' })).not.toThrow();
    }
  });
});
