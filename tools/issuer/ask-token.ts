import { z } from 'zod';
import { Problem, reasonOf } from '../state/problem.ts';
import type { RunFile } from '../state/run-file.ts';
import type { StateFolder } from '../state/state-folder.ts';
import type { Wanted } from './demo-claims.ts';
import { readIssuerFiles } from './issuer-files.ts';

const ASK_MS = 5_000;

const answer = z.object({ access_token: z.string().optional(), error_description: z.string().optional() });

function formOf(wanted: Wanted): URLSearchParams {
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  for (const name of ['as', 'for', 'limit'] as const) if (wanted[name] !== undefined) form.set(name, wanted[name]);
  for (const district of wanted.districts ?? []) form.append('district', district);
  for (const department of wanted.departments ?? []) form.append('department', department);
  for (const project of wanted.projects ?? []) form.append('project', project);
  return form;
}

/** A token of this city's demo issuer. @throws Problem when there is none, or when it refuses. */
export async function askToken(
  city: StateFolder,
  { issuer }: Pick<RunFile, 'issuer'>,
  wanted: Wanted,
): Promise<string> {
  const files = await readIssuerFiles(city);
  if (issuer?.pid === undefined || !files) {
    const whose = issuer ? `its identity provider, ${issuer.url}` : 'its own identity provider';
    throw new Problem(
      `This city has no demo issuer: tokens come from ${whose}.`,
      'Ask that one for a token, and give it with --token TOKEN.',
    );
  }
  const credentials = Buffer.from(`${encodeURIComponent(wanted.role)}:${files.secret}`).toString('base64');
  const reply = await fetch(`${issuer.url}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}` },
    body: formOf(wanted),
    signal: AbortSignal.timeout(ASK_MS),
  }).catch((cause: unknown) => {
    throw new Problem(`The demo issuer does not answer: ${reasonOf(cause)}.`, 'npm run status shows who runs.');
  });
  const { access_token: token, error_description: why } = answer.parse(await reply.json());
  if (token !== undefined) return token;
  throw new Problem(
    `The demo issuer gives no token: ${why ?? `it answered ${reply.status}`}.`,
    'See npm run token -- --help.',
  );
}
