/** A command or an event: a readonly plain object told apart by `type`. */
export interface Tagged {
  readonly type: string;
}

/**
 * The business says no: a value, never an exception. `rejected` is the fact in the way (`CeilingExceeded`), `detail` what
 * a person needs to act on it. `waitingHelps` marks a refusal that may turn into a yes without anybody changing the
 * command (a fact that has not arrived yet).
 */
export interface Rejection<Code extends string = string, Detail extends object = object> {
  readonly rejected: Code;
  readonly detail: Detail;
  readonly waitingHelps?: true;
}

/** What a decider answers: the new events (none = nothing to do) or the reason why not. */
export type Decision<Event extends Tagged, Refusal extends Rejection> = readonly Event[] | Refusal;

/** A refusal that stays one until somebody changes something. */
export function reject<const Code extends string>(code: Code): Rejection<Code, Record<never, never>>;
export function reject<const Code extends string, const Detail extends object>(
  code: Code,
  detail: Detail,
): Rejection<Code, Detail>;
export function reject(code: string, detail: object = {}): Rejection {
  return { rejected: code, detail };
}

/** A refusal for now: the same command may be accepted once a fact from elsewhere has arrived. */
export function rejectForNow<const Code extends string, const Detail extends object>(
  code: Code,
  detail: Detail,
): Rejection<Code, Detail> {
  return { rejected: code, detail, waitingHelps: true };
}

export function isRejection<Event extends Tagged, Refusal extends Rejection>(
  decision: Decision<Event, Refusal>,
): decision is Refusal {
  return !Array.isArray(decision);
}

/** A name that may be taken once in a service: claimed in the transaction that appends the event which needs it. */
export interface Claim<Refusal extends Rejection = Rejection> {
  /** What kind of name, e.g. `projectCode`. */
  readonly kind: string;
  readonly key: string;
  /** Answered when another stream holds the name. */
  readonly refusal: Refusal;
}

/**
 * An aggregate, whole: pure functions over plain data. The same command twice changes nothing: `decide` answers `[]` for
 * what the state already says. Time, ids and effective dates come with the command.
 */
export interface Decider<Command extends Tagged, Event extends Tagged, State, Refusal extends Rejection> {
  /** Kind of stream, e.g. `Project`; part of tokens and of the store, never renamed. */
  readonly streamType: string;
  /** Raise it when `evolve` or `State` changes: snapshots of another version are discarded. */
  readonly foldVersion: number;
  readonly initial: State;
  readonly evolve: (state: State, event: Event) => State;
  readonly decide: (command: Command, state: State) => Decision<Event, Refusal>;
  /** Names that an event takes for ever. */
  readonly claims?: (event: Event) => readonly Claim<Refusal>[];
}

/** Folds events over a state. */
export function fold<Event extends Tagged, State>(
  decider: Pick<Decider<never, Event, State, never>, 'evolve'>,
  state: State,
  events: readonly Event[],
): State {
  return events.reduce<State>((current, event) => decider.evolve(current, event), state);
}
