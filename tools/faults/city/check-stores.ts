import type { ServiceName } from '../../state/run-file.ts';
import { type Acknowledged, versionIn } from './step.ts';
import type { ReceivedFact, Store, StoredEvent, Stores } from './stores.ts';

/** What clients were told, and the commands that they ever sent. */
export interface Told {
  readonly acknowledged: readonly Acknowledged[];
}

const isDone = ({ answer: { status } }: Acknowledged): boolean => status === 'accepted' || status === 'repeated';

function missing(acknowledged: readonly Acknowledged[], { commands, events }: Store): string[] {
  const kept = new Map(commands.map((command) => [command.commandId, command]));
  const byCommand = Map.groupBy(events, ({ commandId }) => commandId);
  return acknowledged.flatMap((told) => {
    const { key, streamId, expected, answer } = told;
    const facts = byCommand.get(key) ?? [];
    if (!isDone(told)) return facts.length > 0 ? [`${key} was refused and has ${facts.length} facts`] : [];
    const command = kept.get(key);
    if (!command) return [`${key} was acknowledged and is lost`];
    const version = versionIn(answer.consistencyToken);
    return [
      ...(command.streamId === streamId ? [] : [`${key} stands in another stream than it was told`]),
      ...(command.version === version
        ? []
        : [`${key} was told version ${version ?? 'none'}, the store says ${command.version}`]),
      ...(expected.kind === 'facts' && facts.length === 0 ? [`${key} was acknowledged and its facts are lost`] : []),
      ...(expected.kind === 'nothing' && facts.length > 0 ? [`${key} adds nothing and has ${facts.length} facts`] : []),
    ];
  });
}

/** Facts of one command are written by one transaction: a second one would have done it again. */
function doubled({ events }: Store): string[] {
  const byCommand = Map.groupBy(
    events.filter(({ commandId }) => commandId !== null),
    ({ commandId }) => commandId,
  );
  return [...byCommand].flatMap(([command, facts]) => {
    const transactions = new Set(facts.map(({ xid }) => xid)).size;
    return transactions > 1 ? [`${command ?? ''} was done ${transactions} times`] : [];
  });
}

function holes({ events, streams }: Store): string[] {
  const byStream = Map.groupBy(events, ({ streamId }) => streamId);
  const ofStreams = [...byStream].flatMap(([stream, facts]) => {
    const wrong = facts.find(({ version }, index) => version !== index + 1);
    if (wrong) return [`stream ${stream} has version ${wrong.version} out of order`];
    const stands = streams.get(stream);
    return stands === facts.length ? [] : [`stream ${stream} says version ${stands ?? 'none'} of ${facts.length}`];
  });
  const empty = [...streams].filter(([stream, version]) => version > 0 && !byStream.has(stream));
  return [...ofStreams, ...empty.map(([stream]) => `stream ${stream} has a version and no facts`)];
}

const placeOf = ({ streamId, version }: Pick<StoredEvent, 'streamId' | 'version'>): string => `${streamId}@${version}`;

function notReceived(source: ServiceName, events: readonly StoredEvent[], received: readonly ReceivedFact[]): string[] {
  const heard = new Map(received.filter((fact) => fact.source === source).map((fact) => [placeOf(fact), fact.eventId]));
  const lost = events.flatMap((event) => {
    const id = heard.get(placeOf(event));
    if (id === undefined) return [`${event.type} ${placeOf(event)} of ${source} was not received`];
    return id === event.eventId ? [] : [`${placeOf(event)} of ${source} was received as another event`];
  });
  const invented =
    heard.size > events.length ? [`${heard.size - events.length} facts were received that ${source} never said`] : [];
  return [...lost, ...invented];
}

/** What one store alone shows to be wrong with what clients were told. */
export const checkStore = (told: Told, store: Store): string[] => [
  ...missing(told.acknowledged, store),
  ...doubled(store),
  ...holes(store),
];

/** What is wrong between both stores: lost or doubled commands, streams with holes, facts that the other never received. */
export function checkStores(told: Told, stores: Stores): string[] {
  const of = (service: ServiceName): Told => ({
    acknowledged: told.acknowledged.filter((one) => one.service === service),
  });
  const { projects, costs } = stores;
  const parked = projects.parked + costs.parked;
  return [
    ...checkStore(of('projects'), projects),
    ...checkStore(of('costs'), costs),
    ...notReceived('projects', projects.events, costs.received),
    ...notReceived('costs', costs.events, projects.received),
    ...(parked > 0 ? [`${parked} messages are parked`] : []),
  ];
}
