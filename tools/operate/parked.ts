import { z } from 'zod';
import { readArguments } from '../state/arguments.ts';
import { askService } from '../state/ask-service.ts';
import { type Door, openDoor, serviceDoor, TOKEN, TOKEN_HELP } from '../state/door.ts';
import { Problem } from '../state/problem.ts';
import { instancesOf, runningCity, SERVICES, serviceNamed } from '../state/run-file.ts';
import type { StateFolder } from '../state/state-folder.ts';
import { type ParkedEntry, parkedOf } from '../state/service-status.ts';

const HELP = `
npm run parked [-- list | show SERVICE ID | release SERVICE ID... | release SERVICE --stream SOURCE/STREAM_ID]

Facts that a service received and could not take: listed with their reasons, shown whole, or released (taken again in
order, after the cause was removed; what is still at fault stays parked).

  --json          print as JSON
${TOKEN_HELP('administrator')}`;

const anything = z.looseObject({});

/** Where a command of the line goes: whose city it is, and its door. */
interface Place {
  readonly city: StateFolder;
  readonly door: Door;
}

const addressed = ({ city, door }: Place, named: string | undefined): ReturnType<typeof serviceDoor> =>
  serviceDoor(city, door, serviceNamed(named));

const stream = ({ source, streamId }: ParkedEntry): string => (streamId === null ? source : `${source}/${streamId}`);

async function list({ city, door }: Place, json: boolean): Promise<number> {
  const running = await runningCity(city);
  const found: (ParkedEntry & { service: string })[] = [];
  for (const service of SERVICES) {
    if (instancesOf(running, service).length === 0) continue;
    const waiting = await parkedOf({ ...door, service });
    found.push(...waiting.map((entry) => ({ ...entry, service })));
  }
  if (json) console.log(JSON.stringify(found, null, 2));
  else if (found.length === 0) console.log('Nothing is parked.');
  else {
    for (const entry of found) {
      const version = entry.version === null ? '' : ` version ${entry.version}`;
      console.log(`${entry.service} ${entry.id}  ${stream(entry)}${version}  ${entry.reason}: ${entry.detail}`);
    }
  }
  return 0;
}

async function show(place: Place, named: string | undefined, id: string | undefined): Promise<number> {
  const door = await addressed(place, named);
  if (id === undefined) throw new Problem('No message was named.', 'npm run parked lists their ids.');
  const message = await askService(door, `parked/${encodeURIComponent(id)}`, anything);
  console.log(JSON.stringify(message, null, 2));
  return 0;
}

function whichOf(ids: readonly string[], streamName: string | undefined): object {
  if (streamName === undefined && ids.length > 0) return { ids };
  const [source, streamId] = streamName?.split('/') ?? [];
  if (source !== undefined && streamId !== undefined && ids.length === 0) return { source, streamId };
  throw new Problem('Say what to release.', 'Give ids, or --stream SOURCE/STREAM_ID; npm run parked lists both.');
}

async function release(place: Place, words: readonly string[], streamName: string | undefined): Promise<number> {
  const door = await addressed(place, words[0]);
  const which = whichOf(words.slice(1), streamName);
  const answer = await askService(door, 'parked/release', anything, { method: 'POST', body: which, withinMs: 60_000 });
  console.log(JSON.stringify(answer, null, 2));
  return 0;
}

export async function run(args: readonly string[]): Promise<number> {
  const options = { json: { type: 'boolean' }, stream: { type: 'string' }, ...TOKEN } as const;
  const { values, words, city } = readArguments(args, HELP, options, { atMost: 1_000 });
  const [what = 'list', ...rest] = words;
  const place = async (): Promise<Place> => ({ city, door: await openDoor(city, 'administrator', values.token) });
  if (what === 'list') return list(await place(), values.json ?? false);
  if (what === 'show') return show(await place(), rest[0], rest[1]);
  if (what === 'release') return release(await place(), rest, values.stream);
  throw new Problem(`parked cannot "${what}".`, 'It can list, show and release; see --help.');
}
