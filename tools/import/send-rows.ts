import type { Door } from '../state/door.ts';
import { SERVICES, type ServiceName } from '../state/run-file.ts';
import { DoorLane, type WireVerdict } from './door-lane.ts';
import type { ImportCommand, Profile, Row } from './profile.ts';
import { isRefused, outcomeOf, type RowVerdict } from './row-verdict.ts';

/** Rows between the first of their commands sent and the last one answered. */
const ROWS_UNDER_WAY = 4_000;
/** References whose registration was sent; one that is forgotten is registered again, which changes nothing. */
const REMEMBERED = 100_000;
const PATIENCE_MS = 120_000;

/** Who hears of verdicts. */
export interface Sending {
  readonly row: (verdict: RowVerdict) => void;
  readonly command: (verdict: WireVerdict) => void;
  /** Room for more verdicts: the next row waits for it. */
  readonly room: () => Promise<void>;
}

/** The way in: gateways that run at this moment, and who sends. */
export interface Doors extends Pick<Door, 'authorization'> {
  gateways(): Promise<readonly string[]>;
}

/** Which references this run has met, within bounds. */
class Met {
  #known = new Set<string>();

  isFirst(reference: string): boolean {
    if (this.#known.has(reference)) return false;
    if (this.#known.size >= REMEMBERED) this.#known = new Set();
    this.#known.add(reference);
    return true;
  }
}

/** Lets a bounded number of rows be under way. */
class Window {
  #under = 0;
  #wake: () => void = () => undefined;

  async enter(): Promise<void> {
    while (this.#under >= ROWS_UNDER_WAY) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#under += 1;
  }

  leave(): void {
    this.#under -= 1;
    this.#wake();
  }

  async untilEmpty(): Promise<void> {
    while (this.#under > 0) await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}

type Lanes = Readonly<Record<ServiceName, DoorLane>>;

function lanesTo(doors: Doors): Lanes {
  const lane = (service: ServiceName): DoorLane =>
    new DoorLane({
      service,
      patienceMs: PATIENCE_MS,
      authorization: doors.authorization,
      gateway: async (failures) => {
        const gateways = await doors.gateways();
        return gateways[failures % gateways.length];
      },
    });
  return { projects: lane('projects'), costs: lane('costs') };
}

/** Sends commands in order and collects their verdicts; `done` is called when the last has come. */
function pushAll(
  lanes: Lanes,
  commands: readonly ImportCommand[],
  sending: Sending,
  done: (verdicts: WireVerdict[]) => void,
): void {
  const verdicts: WireVerdict[] = [];
  if (commands.length === 0) done(verdicts);
  for (const command of commands) {
    lanes[command.service].push(command, (verdict) => {
      sending.command(verdict);
      verdicts.push(verdict);
      if (verdicts.length === commands.length) done(verdicts);
    });
  }
}

/** What projects refuses of a row is not sent to costs: a row goes in as a whole, or its verdict says what stands in its way. */
function sendRow(
  lanes: Lanes,
  commands: readonly ImportCommand[],
  sending: Sending,
  done: (verdicts: WireVerdict[]) => void,
): void {
  const [first, later] = [
    commands.filter(({ service }) => service === 'projects'),
    commands.filter(({ service }) => service !== 'projects'),
  ];
  pushAll(lanes, first, sending, (verdicts) => {
    if (verdicts.some(isRefused)) done(verdicts);
    else pushAll(lanes, later, sending, (more) => done([...verdicts, ...more]));
  });
}

const NOT_REGISTERED = 'ProjectNotRegistered';

/**
 * Sends a row with its registration when its reference is met for the first time, and once more with it when the work
 * turns out not to be registered: the row that should have done so was refused.
 */
function sendRegistered<Content>(
  { lanes, profile, sending }: { lanes: Lanes; profile: Profile<Content>; sending: Sending },
  row: Row<Content>,
  firstMet: boolean,
  done: (verdicts: WireVerdict[]) => void,
): void {
  sendRow(lanes, profile.commands(row, firstMet), sending, (verdicts) => {
    if (firstMet || !verdicts.some(({ code }) => code === NOT_REGISTERED)) done(verdicts);
    else sendRow(lanes, profile.commands(row, true), sending, done);
  });
}

/**
 * Sends rows through the bulk doors of the running city, many under way at once, those of one work in their order.
 *
 * @throws NoProgress when a service gives no verdict for two minutes; Problem when a door refuses requests as such.
 */
export async function sendRows<Content>(
  rows: AsyncIterable<Row<Content>>,
  profile: Profile<Content>,
  doors: Doors,
  sending: Sending,
): Promise<void> {
  const lanes = lanesTo(doors);
  const window = new Window();
  const met = new Met();
  const feed = async (): Promise<void> => {
    for await (const row of rows) {
      await window.enter();
      await sending.room();
      const { file, line, reference, period } = row;
      sendRegistered({ lanes, profile, sending }, row, met.isFirst(reference), (verdicts) => {
        sending.row({ file, line, reference, period, ...outcomeOf(verdicts) });
        window.leave();
      });
    }
    await window.untilEmpty();
    for (const service of SERVICES) lanes[service].close();
  };
  try {
    await Promise.all([feed(), ...SERVICES.map((service) => lanes[service].run())]);
  } catch (error) {
    for (const service of SERVICES) lanes[service].abandon();
    throw error;
  }
}
