import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildAll, describeBuilt } from '../build/build.ts';
import { seededRandom } from '../faults/random.ts';
import { readArguments } from '../state/arguments.ts';
import { Problem, reasonOf } from '../state/problem.ts';
import { type DrillPlan, loadAndBackUp, restoreAll, restoreProjects } from './drill.ts';

const HELP = `
npm run drill [-- --seed N] [-- --keep]

Backup and restore, for practice and as a proof: a city of its own is backed up while commands come in, its stores are
restored to a random moment behind the backup, all together and then projects alone, and every promise is checked.
Steps for a real restore: docs/operations/backup.md. Exit code: 0 all held, 1 something did not.

  --seed N   the same moment again
  --keep     leave the folder with all files`;

function seedOf(text: string | undefined): number {
  const seed = text === undefined ? Math.floor(Math.random() * 1e6) : Number(text);
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new Problem(`--seed ${text} is no seed.`, 'Give a whole number from 0.');
}

async function tearDown(works: readonly (() => Promise<void>)[]): Promise<void> {
  for (const work of works.toReversed()) {
    await work().catch((error: unknown) => console.error(`At the end: ${reasonOf(error)}`));
  }
}

export async function run(args: readonly string[]): Promise<number> {
  const { values } = readArguments(args, HELP, { seed: { type: 'string' }, keep: { type: 'boolean' } });
  const seed = seedOf(values.seed);
  const folder = await mkdtemp(path.join(tmpdir(), 'tongchou-drill-'));
  await chmod(folder, 0o755);
  const began = performance.now();
  const say = (line: string): void =>
    console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  const faults: string[] = [];
  const ends: (() => Promise<void>)[] = [];
  const broken = (line: string): void => {
    faults.push(line);
    say(`BROKEN: ${line}`);
  };
  const plan: DrillPlan = {
    folder,
    random: seededRandom('drill', seed),
    say,
    broken,
    atEnd: (work) => void ends.push(work),
  };
  say(`seed ${seed}, folder ${folder}`);
  try {
    say(`built: ${describeBuilt(await buildAll())}`);
    const disaster = await loadAndBackUp(plan);
    await restoreAll(plan, disaster);
    await restoreProjects(plan, disaster);
  } finally {
    await tearDown(ends);
    if (!values.keep) await rm(folder, { recursive: true, force: true });
  }
  console.log(faults.length === 0 ? '\nThe drill held.' : `\n${faults.length} promises did not hold.`);
  return faults.length === 0 ? 0 : 1;
}
