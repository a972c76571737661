import { z } from 'zod';
import { reasonOf } from '../state/problem.ts';
import type { RunFile } from '../state/run-file.ts';
import { type Finding, idle, ill, well } from './finding.ts';

const ASK_MS = 5_000;
/** What the gateway forgives a token, and the seconds that a header of HTTP leaves out. */
const CLOCKS_DIFFER_BY_S = 30;

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });
const keySet = z.object({ keys: z.array(z.object({ kty: z.string() })) });

async function fetched(url: string): Promise<{ readonly body: unknown; readonly date: string | null }> {
  const reply = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(ASK_MS) });
  if (!reply.ok) throw new Error(`${url} answers ${reply.status}`);
  return { body: await reply.json(), date: reply.headers.get('date') };
}

function clock(date: string | null): Finding[] {
  if (date === null || Number.isNaN(Date.parse(date))) return [];
  const apart = Math.round(Math.abs(Date.now() - Date.parse(date)) / 1_000);
  const says = `${apart} s between this machine's clock and the issuer's`;
  if (apart < CLOCKS_DIFFER_BY_S) return [well('clock issuer', says)];
  return [
    ill('clock issuer', says, 'Let both follow the same time server (NTP): tokens seem ended, or not yet valid.'),
  ];
}

/** Whoever issues the city's tokens answers, is who it should be, shows keys, and has the same time. */
export async function checkIssuer(run: RunFile | undefined): Promise<Finding[]> {
  const url = run ? run.issuer?.url : process.env['OIDC_ISSUER'];
  if (url === undefined) return [idle('issuer', 'the city does not run, and OIDC_ISSUER names none')];
  const whose = run?.issuer?.pid === undefined ? '' : "the demo's own, ";
  const remedy = whose
    ? 'Its log says why; npm run stop and npm start begin anew.'
    : 'Make it answer, or put OIDC_ISSUER right: exactly as the provider writes itself. Known keys serve meanwhile.';
  try {
    const { body, date } = await fetched(`${url.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const found = discovery.parse(body);
    if (found.issuer !== url) return [ill('issuer', `${url} says that it is ${found.issuer}`, remedy)];
    const { keys } = keySet.parse((await fetched(found.jwks_uri)).body);
    if (keys.length === 0) return [ill('issuer', `${found.jwks_uri} shows no keys`, remedy)];
    return [well('issuer', `${whose}${url}, ${keys.length} ${keys.length === 1 ? 'key' : 'keys'}`), ...clock(date)];
  } catch (error) {
    return [ill('issuer', `${url}: ${reasonOf(error)}`, remedy)];
  }
}
