import { describe, expect, it } from '@jest/globals';
import type { Principal } from '@tongchou/access';
import { rememberVerified } from './verified-tokens.ts';

const tokenOf = (name: string, exp: number): string =>
  ['{}', JSON.stringify({ sub: name, exp }), 'signature']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');

function remembered() {
  let now = 1_000_000;
  const verified: string[] = [];
  const verify = rememberVerified(
    (token): Promise<Principal> => {
      verified.push(token);
      return token.startsWith('bad') ? Promise.reject(new Error('no')) : Promise.resolve({ subject: token, roles: [] });
    },
    () => now,
  );
  return { verify, verified, pass: (ms: number) => void (now += ms) };
}

describe('verified tokens', () => {
  it('are verified once a minute, each for itself', async () => {
    const { verify, verified, pass } = remembered();
    const [one, two] = [tokenOf('one', 9_999), tokenOf('two', 9_999)];
    for (let times = 0; times < 3; times += 1) expect((await verify(one)).subject).toBe(one);
    expect((await verify(two)).subject).toBe(two);
    expect(verified).toEqual([one, two]);
    pass(60_000);
    await verify(one);
    expect(verified).toEqual([one, two, one]);
  });

  it('are not believed beyond their end', async () => {
    const { verify, verified, pass } = remembered();
    const short = tokenOf('short', 1_010);
    await verify(short);
    pass(9_999);
    await verify(short);
    expect(verified).toHaveLength(1);
    pass(1);
    await verify(short);
    expect(verified).toHaveLength(2);
  });

  it('that were refused are verified each time', async () => {
    const { verify, verified } = remembered();
    for (let times = 0; times < 3; times += 1) await expect(verify('bad.token.x')).rejects.toThrow('no');
    expect(verified).toHaveLength(3);
  });

  it('are forgotten, the oldest first, beyond ten thousand', async () => {
    const { verify, verified } = remembered();
    const tokens = Array.from({ length: 10_001 }, (_, index) => tokenOf(`t${index}`, 9_999));
    for (const token of tokens) await verify(token);
    await verify(tokens.at(-1) ?? '');
    expect(verified).toHaveLength(10_001);
    await verify(tokens[0] ?? '');
    expect(verified).toHaveLength(10_002);
  });
});
