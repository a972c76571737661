import { Problem } from '../state/problem.ts';
import type { Given } from '../state/settings.ts';

/** Who issues the tokens that the gateway believes: the demo's own issuer, or the office's identity provider. */
export type IssuerChoice = { readonly kind: 'demo' } | { readonly kind: 'given'; readonly url: string };

/** @throws Problem where the demo's own would be started in production, or OIDC_ISSUER is no address. */
export function chooseIssuer(environment: Given): IssuerChoice {
  const url = environment['OIDC_ISSUER']?.trim();
  if (url) {
    if (URL.canParse(url)) return { kind: 'given', url };
    throw new Problem(`OIDC_ISSUER=${url} is no address.`, 'Give it as the provider writes itself: https://HOST/…');
  }
  if (environment['NODE_ENV'] === 'production') {
    throw new Problem(
      'NODE_ENV is production, and the demo issuer is not for that: whoever reads the state folder may be anybody.',
      "Name the office's identity provider: OIDC_ISSUER=https://… (docs/operations/access.md).",
    );
  }
  return { kind: 'demo' };
}
