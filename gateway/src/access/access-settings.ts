import { type ConfigFault, type ConfigOf, setting } from '@tongchou/service-shell';
import { z } from 'zod';

const issuer = z.string().refine((text) => {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '' && url.username === '';
});

/** A private Ed25519 key as JSON Web Key (RFC 8037), with the id by which the services know it. */
const signingKey = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue('no JSON');
      return z.NEVER;
    }
  })
  .pipe(
    z.looseObject({
      kty: z.literal('OKP'),
      crv: z.literal('Ed25519'),
      kid: z.string().min(1).max(100),
      x: z.base64url().length(43),
      d: z.base64url().length(43),
    }),
  );

/** By what the gateway knows who asks, and how it tells the services. */
export const accessSettings = {
  oidcIssuer: setting({
    name: 'OIDC_ISSUER',
    about: 'The OpenID provider whose tokens are taken; its discovery and keys are fetched from there.',
    type: issuer,
    allowed: 'the issuer exactly as its tokens name it (https://...)',
    example: 'https://id.example.org/realms/office',
  }),
  oidcAudience: setting({
    name: 'OIDC_AUDIENCE',
    about: 'The audience that tokens must be for.',
    type: z.string().max(200).default('tongchou'),
    allowed: 'a text, at most 200 characters',
    example: 'tongchou',
  }),
  principalSigningKey: setting({
    name: 'PRINCIPAL_SIGNING_KEY',
    about: 'The key by which the gateway tells the services who asks. Its public half stands in their PRINCIPAL_KEYS.',
    type: signingKey,
    allowed: 'a private Ed25519 JSON Web Key with kid, x and d',
    example: '{"kty":"OKP","crv":"Ed25519","kid":"2026-01","x":"...","d":"..."}',
    secret: true,
  }),
  demoIssuer: setting({
    name: 'DEMO_ISSUER',
    about: 'Whether OIDC_ISSUER is the demo issuer of npm start: the explorer then offers its roles.',
    type: z
      .enum(['true', 'false'])
      .default('false')
      .transform((word) => word === 'true'),
    allowed: 'true or false; never true with NODE_ENV=production',
    example: 'true',
  }),
};

const LOOPBACK = /^(?:(?:.+\.)?localhost\.?|127(?:\.\d+){3}|0\.0\.0\.0|\[::1?\]|\[::ffff:7f.*\])$/;

/** What production refuses to start with: an identity that anybody on the machine or on the way could make up. */
export function accessFaults(config: ConfigOf<typeof accessSettings>): readonly ConfigFault[] {
  const { name, example } = accessSettings.oidcIssuer;
  const url = URL.parse(config.oidcIssuer);
  const isDemo = config.demoIssuer;
  const isWeak = url?.protocol === 'http:' || LOOPBACK.test(url?.hostname ?? '');
  return [
    ...(isDemo ? [{ name: 'DEMO_ISSUER', given: 'true', allowed: 'false in production', example: 'false' }] : []),
    ...(isWeak
      ? [{ name, given: config.oidcIssuer, allowed: 'in production an https issuer that is not this machine', example }]
      : []),
  ];
}
