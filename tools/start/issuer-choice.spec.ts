import { describe, expect, it } from '@jest/globals';
import { chooseIssuer } from './issuer-choice.ts';

describe('who issues tokens', () => {
  it('is the demo issuer, unless another one is given', () => {
    expect(chooseIssuer({})).toEqual({ kind: 'demo' });
    expect(chooseIssuer({ OIDC_ISSUER: ' ' })).toEqual({ kind: 'demo' });
    const url = 'https://id.example.org/realms/office';
    expect(chooseIssuer({ OIDC_ISSUER: url, NODE_ENV: 'production' })).toEqual({ kind: 'given', url });
  });

  it('is nobody in production without a provider', () => {
    expect(() => chooseIssuer({ NODE_ENV: 'production' })).toThrow('the demo issuer is not for that');
    expect(() => chooseIssuer({ OIDC_ISSUER: 'our provider' })).toThrow('is no address');
  });
});
