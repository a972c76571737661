import { beforeAll, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import type { JWK } from 'jose';
import { principalSigner, principalVerifier } from './internal-principal.ts';
import type { Principal } from './principal.ts';
import { TokenFault } from './token-fault.ts';

interface Pair {
  readonly secret: JWK;
  readonly open: JWK;
}

async function pair(kid: string): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
  return { secret: { ...(await exportJWK(privateKey)), kid }, open: { ...(await exportJWK(publicKey)), kid } };
}

const principal: Principal = { subject: 'li', roles: ['inspector'], districts: ['Bronx'] };

let old: Pair;
let next: Pair;
beforeAll(async () => {
  [old, next] = await Promise.all([pair('old'), pair('next')]);
});

describe("the gateway's word for who asks", () => {
  it('is believed by the service and for the request that it names', async () => {
    const token = await (await principalSigner(old.secret))(principal, 'costs', 'request-1');
    const verify = principalVerifier({ keys: [old.open] }, 'costs');
    expect(await verify(token, 'request-1')).toEqual(principal);
    await expect(verify(token, 'request-2')).rejects.toThrow(TokenFault);
    await expect(verify(undefined, 'request-1')).rejects.toThrow(TokenFault);
    await expect(principalVerifier({ keys: [old.open] }, 'projects')(token, 'request-1')).rejects.toThrow(TokenFault);
  });

  it('is believed from two keys while they are changed, and no longer from one that is gone', async () => {
    const by = async ({ secret }: Pair) => (await principalSigner(secret))(principal, 'costs', 'request-1');
    const both = principalVerifier({ keys: [old.open, next.open] }, 'costs');
    expect(await both(await by(old), 'request-1')).toEqual(principal);
    expect(await both(await by(next), 'request-1')).toEqual(principal);
    const after = principalVerifier({ keys: [next.open] }, 'costs');
    await expect(after(await by(old), 'request-1')).rejects.toThrow(TokenFault);
  });

  it('is not believed from anybody else, nor a minute later', async () => {
    const verify = principalVerifier({ keys: [old.open] }, 'costs');
    const forged = async (by: JWK, iss: string, ageS: number, exp = '1h'): Promise<string> =>
      new SignJWT({ sub: 'li', roles: ['director'], rid: 'request-1' })
        .setProtectedHeader({ alg: 'EdDSA', kid: 'old' })
        .setIssuer(iss)
        .setAudience('costs')
        .setIssuedAt(Math.floor(Date.now() / 1000) - ageS)
        .setExpirationTime(exp)
        .sign(await importJWK(by, 'EdDSA'));
    await expect(verify(await forged(next.secret, 'tongchou-gateway', 0), 'request-1')).rejects.toThrow(TokenFault);
    await expect(verify(await forged(old.secret, 'elsewhere', 0), 'request-1')).rejects.toThrow(TokenFault);
    await expect(verify(await forged(old.secret, 'tongchou-gateway', 90), 'request-1')).rejects.toThrow(TokenFault);
  });

  it('needs a private key with an id', async () => {
    await expect(principalSigner(old.open)).rejects.toThrow('the signing key needs kid and d');
  });
});
