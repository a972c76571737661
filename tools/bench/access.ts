import { randomUUID } from 'node:crypto';
import { bearerOf, principalSigner, principalVerifier, type ProviderKeys, verifyBearer } from '@tongchou/access';
import { createLocalJWKSet, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { type BenchRow, type BenchTable, median, spreadOf } from './table.ts';

const RUNS = 5;
const REQUESTS = 4_000;
const WARM_UP = 500;
/** As many as a busy gateway verifies at once. */
const AT_ONCE = 8;
const BAR_MS = 0.3;
const [ISSUER, AUDIENCE, SERVICE] = ['https://id.example.org/realms/office', 'tongchou', 'projects'];
const PRINCIPAL = {
  subject: 'bench',
  roles: ['project-manager'],
  districts: ['Bronx', 'Queens'],
  departments: ['DOT'],
} as const;

/** One part of what a request costs. */
type Work = () => Promise<unknown>;

async function pair(algorithm: 'RS256' | 'ES256' | 'EdDSA'): Promise<{ secret: JWK; open: JWK }> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const named = { kid: randomUUID(), alg: algorithm, use: 'sig' };
  return {
    secret: { ...(await exportJWK(privateKey)), ...named },
    open: { ...(await exportJWK(publicKey)), ...named },
  };
}

/** A client's token from its header to the principal, nothing remembered. */
async function bearer(algorithm: 'RS256' | 'ES256'): Promise<Work> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const kid = randomUUID();
  const open = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' };
  const { subject, ...claims } = PRINCIPAL;
  const token = await new SignJWT({ ...claims, sub: subject })
    .setProtectedHeader({ alg: algorithm, kid })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey);
  const known = createLocalJWKSet({ keys: [open] });
  const keys: ProviderKeys = { keyOf: (header, given) => known(header, given), ageMs: () => 0 };
  const header = `Bearer ${token}`;
  return () => verifyBearer(bearerOf(header), { issuer: ISSUER, audience: AUDIENCE, keys });
}

/** What the gateway says of a principal to one service, and that the service believes it. */
async function internal(): Promise<{ sign: Work; verify: Work }> {
  const { secret, open } = await pair('EdDSA');
  const signer = await principalSigner(secret);
  const verifier = principalVerifier({ keys: [open] }, SERVICE);
  const token = await signer(PRINCIPAL, SERVICE, 'r-1');
  return { sign: () => signer(PRINCIPAL, SERVICE, randomUUID()), verify: () => verifier(token, 'r-1') };
}

async function times(count: number, work: Work): Promise<void> {
  const line = async (): Promise<void> => {
    for (let nth = 0; nth < count / AT_ONCE; nth += 1) await work();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, line));
}

/** Processor time of all threads of this process, a request. */
async function cpuMs(work: Work): Promise<number> {
  const before = process.cpuUsage();
  await times(REQUESTS, work);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / REQUESTS;
}

const rowOf = (figure: string, perRun: readonly number[]): BenchRow => ({
  figure,
  value: Number(median(perRun).toFixed(3)),
  unit: 'CPU-ms',
  spread: spreadOf(perRun, 3),
});

const barred = (row: BenchRow): BenchRow => ({ ...row, bar: `<= ${BAR_MS}`, met: row.value <= BAR_MS });

/** What it costs to know who asks: a client's token at the gateway, and the gateway's word at a service. */
export async function benchAccess({ runs = RUNS }: { readonly runs?: number } = {}): Promise<BenchTable> {
  const { sign, verify } = await internal();
  const parts = { rs256: await bearer('RS256'), es256: await bearer('ES256'), sign, verify };
  const found: Record<keyof typeof parts, number[]> = { rs256: [], es256: [], sign: [], verify: [] };
  const names = ['rs256', 'es256', 'sign', 'verify'] as const;
  for (const name of names) await times(WARM_UP, parts[name]);
  for (let run = 0; run < runs; run += 1) for (const name of names) found[name].push(await cpuMs(parts[name]));
  const inside = found.sign.map((ms, run) => ms + (found.verify[run] ?? 0));
  const first = inside.map((ms, run) => ms + (found.rs256[run] ?? 0));
  const both = inside.map((ms) => 2 * ms);
  return {
    name: 'access',
    rows: [
      barred(rowOf('a request that asks one service, its token never seen before', first)),
      barred(rowOf('a request that asks both services, its token seen before', both)),
      rowOf('a bearer token, RS256', found.rs256),
      rowOf('a bearer token, ES256', found.es256),
      rowOf('a principal signed for a service', found.sign),
      rowOf('a principal verified by a service', found.verify),
    ],
    notes: [
      `Medians of ${runs} runs of ${REQUESTS.toLocaleString('en-US')} requests, ${AT_ONCE} at once, in one process: the functions that gateway and services call, from the header to the principal; processor time of all threads.`,
      'The first row is the bearer token (RS256, as most providers sign), the principal signed for a service and verified there. The gateway remembers a verified token for up to a minute by its hash, so that a client that asks again pays for the last two rows alone, once a service that its request needs.',
    ],
  };
}
