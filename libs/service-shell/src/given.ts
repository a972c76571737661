import { readFileSync, statSync } from 'node:fs';

export type Environment = Readonly<Record<string, string | undefined>>;

const SECRET_FILE_MAX_BYTES = 65_536;

/** The text given for a variable, `undefined` when none was, or why it cannot be read. Secrets also come as `NAME_FILE`. */
export function readGiven(
  name: string,
  secret: boolean,
  env: Environment,
): { readonly text: string | undefined } | { readonly fault: string } {
  const direct = env[name];
  const file = secret ? env[`${name}_FILE`] : undefined;
  if (direct !== undefined && file !== undefined) return { fault: `both ${name} and ${name}_FILE` };
  if (file !== undefined) return readSecret(name, file);
  if (direct?.trim() === '') return { fault: 'an empty text' };
  return { text: direct };
}

function readSecret(name: string, file: string): { readonly text: string } | { readonly fault: string } {
  try {
    if (statSync(file).size > SECRET_FILE_MAX_BYTES) return { fault: `a file in ${name}_FILE above 64 kB` };
    const text = readFileSync(file, 'utf8').trimEnd();
    return text === '' ? { fault: `an empty file in ${name}_FILE` } : { text };
  } catch {
    return { fault: `a file in ${name}_FILE that cannot be read` };
  }
}
