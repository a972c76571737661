import { access, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the checkout. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** Where one city keeps its state. Two folders are two cities. */
export interface StateFolder {
  readonly path: string;
  /** Relative to where a person stands, for messages. */
  readonly shown: string;
  readonly runFile: string;
  /** The same form as the run file, while the demo is being loaded: the city answers, but is not yet what was promised. */
  readonly loadingFile: string;
  readonly supervisorFile: string;
  readonly settingsFile: string;
  readonly postgresFile: string;
  /** Keys and secret of the demo issuer. */
  readonly issuerFile: string;
  /** With which the gateway tells services who asks, and by which they know it. */
  readonly signingKeyFile: string;
  readonly principalKeysFile: string;
  readonly kafkaFolder: string;
  readonly stoppedFolder: string;
  readonly logFile: (app: string) => string;
}

export function stateFolder(folder: string = path.join(ROOT, '.tongchou')): StateFolder {
  const inside = (...names: string[]): string => path.join(folder, ...names);
  const relative = path.relative(process.cwd(), folder);
  return {
    path: folder,
    shown: relative.startsWith('..') || path.isAbsolute(relative) ? folder : relative || '.',
    runFile: inside('run.json'),
    loadingFile: inside('loading.json'),
    supervisorFile: inside('supervisor.json'),
    settingsFile: inside('settings.json'),
    postgresFile: inside('postgres.json'),
    issuerFile: inside('issuer.json'),
    signingKeyFile: inside('principal-signing-key.json'),
    principalKeysFile: inside('principal-keys.json'),
    kafkaFolder: inside('kafka'),
    stoppedFolder: inside('stopped'),
    logFile: (app) => inside('logs', `${app}.log`),
  };
}

/** Whether a file or folder is there. */
export const there = (target: string): Promise<boolean> =>
  access(target).then(
    () => true,
    () => false,
  );

/** What a JSON file says; `undefined` when it is missing or was never finished. */
export async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch(() => '');
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Writes whole or not at all: a reader meets the old file or the new one, also after a crash. For its owner's eyes only:
 * addresses of databases carry passwords.
 */
export async function writeJson(file: string, content: unknown): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.draft`;
  const handle = await open(draft, 'w', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(content, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file).catch(async (error: unknown) => {
    await rm(draft, { force: true });
    throw error;
  });
}
