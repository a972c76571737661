import type { principalVerifier } from '@tongchou/access';
import { z } from 'zod';
import { setting } from './define-config.ts';

type PublicKeys = Parameters<typeof principalVerifier>[0];

/** Public Ed25519 keys, each with its id: a private part in them would be a secret given away. */
const publicKeys = z.strictObject({
  keys: z
    .array(
      z.object({
        kty: z.literal('OKP'),
        crv: z.literal('Ed25519'),
        kid: z.string().min(1),
        x: z.base64url().length(43),
        d: z.undefined().optional(),
      }),
    )
    .min(1)
    .max(10)
    .refine((keys) => new Set(keys.map(({ kid }) => kid)).size === keys.length),
});

const keySet = z.string().transform((text, context): PublicKeys => {
  try {
    const { keys } = publicKeys.parse(JSON.parse(text));
    return { keys: keys.map(({ kty, crv, kid, x }) => ({ kty, crv, kid, x })) };
  } catch {
    context.addIssue('no public key set');
    return z.NEVER;
  }
});

export const principalKeysSetting = setting({
  name: 'PRINCIPAL_KEYS',
  about:
    'The public keys of the gateway: who asks is believed only as one of them signed it. Two while keys are changed.',
  type: keySet,
  allowed: 'a JSON Web Key Set of public Ed25519 keys, each with its kid',
  example: '{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"2018-08","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}',
  secret: true,
});

export const metricsTokenSetting = setting({
  name: 'METRICS_TOKEN',
  about:
    'Whoever scrapes /metrics sends it as a bearer token. Unset: /metrics is for administrators and auditors only.',
  type: z
    .string()
    .regex(/^[\x21-\x7e]{16,200}$/)
    .optional(),
  allowed: '16 to 200 visible ASCII characters',
  example: 'a-long-random-word-of-your-own',
  secret: true,
});
