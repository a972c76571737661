import { link, mkdir, rename, rm } from 'node:fs/promises';
import { z } from 'zod';
import { end, markOf, processMark, stillRuns } from './processes.ts';
import { Problem } from './problem.ts';
import { readJson, type StateFolder, writeJson } from './state-folder.ts';

const phase = z.enum(['starting', 'loading', 'ready', 'stopping']);

const supervisorFile = z.object({
  supervisor: processMark,
  phase,
  children: z.array(z.object({ name: z.string(), ...processMark.shape })),
});

/** Who keeps the city running and what it has started: enough to clean up after one that was killed. */
export type SupervisorFile = z.infer<typeof supervisorFile>;
export type Phase = z.infer<typeof phase>;

async function readFrom(file: string): Promise<SupervisorFile | undefined> {
  const parsed = supervisorFile.safeParse(await readJson(file));
  return parsed.success ? parsed.data : undefined;
}

/** The supervisor's file, also of one that was killed. */
export const readSupervisor = (city: StateFolder): Promise<SupervisorFile | undefined> => readFrom(city.supervisorFile);

/** The supervisor that runs now. */
export async function runningSupervisor(city: StateFolder): Promise<SupervisorFile | undefined> {
  const found = await readSupervisor(city);
  return found && (await stillRuns(found.supervisor)) ? found : undefined;
}

export interface Claimed {
  /** Set when another process keeps this city already. */
  readonly running?: SupervisorFile;
  /** What a killed supervisor had started. */
  readonly left: SupervisorFile['children'];
}

const CLAIM_TRIES = 5;

/** Makes this process the city's supervisor, unless one runs. Of two that start at once, one wins. */
export async function claimCity(city: StateFolder): Promise<Claimed> {
  await mkdir(city.path, { recursive: true });
  const supervisor = await markOf(process.pid);
  if (!supervisor) throw new Problem('This system does not say when a process started.', 'Install ps (procps).');
  const draft = `${city.supervisorFile}.${process.pid}`;
  let left: SupervisorFile['children'] = [];
  for (let tries = 0; tries < CLAIM_TRIES; tries += 1) {
    await writeJson(draft, { supervisor, phase: 'starting', children: left } satisfies SupervisorFile);
    const claimed = await link(draft, city.supervisorFile).then(
      () => true,
      () => false,
    );
    await rm(draft, { force: true });
    if (claimed) return { left };
    const running = await runningSupervisor(city);
    if (running) return { running, left };
    left = await setAside(city);
  }
  throw new Problem(`${city.supervisorFile} cannot be written.`, 'Look at the rights of that folder.');
}

/** Takes away the file of a supervisor that is gone; puts it back when a living one had just written it. */
async function setAside(city: StateFolder): Promise<SupervisorFile['children']> {
  const aside = `${city.supervisorFile}.${process.pid}.gone`;
  const moved = await rename(city.supervisorFile, aside).then(
    () => true,
    () => false,
  );
  if (!moved) return [];
  const taken = await readFrom(aside);
  if (taken && (await stillRuns(taken.supervisor))) {
    await rename(aside, city.supervisorFile);
    return [];
  }
  await rm(aside, { force: true });
  return taken?.children ?? [];
}

const GRACE_MS = 8_000;

/** Ends what a killed supervisor left running; a stranger that got one of the numbers is left alone. Names what it ended. */
export async function endLeftovers(left: SupervisorFile['children']): Promise<string[]> {
  const ended = await Promise.all(
    left.map(async (child) => {
      if (!(await stillRuns(child))) return [];
      const gone = await end(child, GRACE_MS);
      if (gone) return [child.name];
      throw new Problem(
        `${child.name} (pid ${child.pid}) of a killed run does not end.`,
        `Look at it: ps -p ${child.pid}.`,
      );
    }),
  );
  return ended.flat();
}
