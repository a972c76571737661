import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Problem, reasonOf } from '../state/problem.ts';
import { ROOT, there } from '../state/state-folder.ts';

const run = promisify(execFile);
const POM = fileURLToPath(new URL('pom.xml', import.meta.url));
const CACHE = path.join(ROOT, 'node_modules', '.cache', 'tongchou');
const FETCH_WITHIN_MS = 5 * 60_000;
const OLDEST_JAVA = 17;

/** The `java` that runs brokers. @throws Problem when there is none, or one that is too old. */
export async function javaCommand(): Promise<string> {
  const home = process.env['JAVA_HOME'];
  const java = home ? path.join(home, 'bin', 'java') : 'java';
  const said = await run(java, ['-version']).then(
    ({ stderr, stdout }) => stderr + stdout,
    () => '',
  );
  const version = Number(/version "(\d+)/.exec(said)?.[1] ?? 0);
  if (version >= OLDEST_JAVA) return java;
  throw new Problem(
    version === 0 ? 'Kafka needs Java, and there is none.' : `Kafka needs Java ${OLDEST_JAVA}, this is ${version}.`,
    `Install a Java ${OLDEST_JAVA} or newer and Maven, or use a broker of your own: KAFKA_BROKERS=HOST:PORT.`,
  );
}

async function fetchInto(folder: string): Promise<void> {
  const target = await mkdtemp(path.join(CACHE, 'fetching-'));
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${target}`, '-DincludeScope=runtime'];
  try {
    await run('mvn', ['-B', '-q', '-f', POM, ...goal], { timeout: FETCH_WITHIN_MS });
    // Whoever is first is right: another process fetched the same.
    await rename(target, folder).catch(async (error: unknown) => {
      if (!(await there(folder))) throw error;
    });
  } catch (error) {
    throw new Problem(
      `Kafka could not be fetched by Maven: ${reasonOf(error).split('\n').slice(0, 4).join(' ')}`,
      'Install Maven (mvn) and let it reach a Maven repository, or use a broker of your own: KAFKA_BROKERS=HOST:PORT.',
      { cause: error },
    );
  } finally {
    await rm(target, { recursive: true, force: true });
  }
}

/** The class path of a broker. Its jars, 45 MB, are fetched once a version. @throws Problem when that is not possible. */
export async function kafkaClassPath(say: (line: string) => void = () => undefined): Promise<string> {
  const version = createHash('sha256')
    .update(await readFile(POM))
    .digest('hex')
    .slice(0, 12);
  const folder = path.join(CACHE, `kafka-${version}`);
  if (!(await there(folder))) {
    await mkdir(CACHE, { recursive: true });
    say('fetching Apache Kafka by Maven, once (45 MB)');
    await fetchInto(folder);
  }
  const jars = (await readdir(folder)).filter((file) => file.endsWith('.jar')).toSorted();
  return jars.map((file) => path.join(folder, file)).join(path.delimiter);
}
