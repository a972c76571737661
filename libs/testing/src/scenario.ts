import assert from 'node:assert/strict';
import { fold, isRejection } from '@tongchou/kernel';
import type { Decider, Decision, Rejection, Tagged } from '@tongchou/kernel';

/** What a decider said to the last command of a scenario. */
export interface Outcome<Command extends Tagged, Event extends Tagged, Refusal extends Rejection> {
  /** Exactly these events; the same command again gives nothing. */
  then(...expected: Event[]): Given<Command, Event, Refusal>;
  /** Accepted, and there is nothing new. */
  thenNothing(): Given<Command, Event, Refusal>;
  /** Refused with this code and, where given, exactly this detail. */
  thenRejected(code: Refusal['rejected'], detail?: object): Given<Command, Event, Refusal>;
}

/** A history that waits for its next command. */
export interface Given<Command extends Tagged, Event extends Tagged, Refusal extends Rejection> {
  given(...events: Event[]): Given<Command, Event, Refusal>;
  when(command: Command): Outcome<Command, Event, Refusal>;
}

/** Frozen through and through, so that an `evolve` or `decide` that changes what it was given throws. */
function frozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}

function accepted<Event extends Tagged>(decision: Decision<Event, Rejection>, command: Tagged): readonly Event[] {
  if (!isRejection(decision)) return decision;
  assert.fail(`${command.type} was refused: ${decision.rejected} ${JSON.stringify(decision.detail)}`);
}

/**
 * A decider's spec as a rule book: `scenario(project).given(registered).when(cancel).then(cancelled)`. Each `then` goes on
 * from where the story stands, so that steps can follow each other.
 */
export function scenario<Command extends Tagged, Event extends Tagged, State, Refusal extends Rejection>(
  decider: Decider<Command, Event, State, Refusal>,
): Given<Command, Event, Refusal> {
  const at = (state: State): Given<Command, Event, Refusal> => ({
    given: (...events) => at(frozen(fold(decider, state, frozen(events)))),
    when: (command) => outcome(state, frozen(command)),
  });
  const outcome = (state: State, command: Command): Outcome<Command, Event, Refusal> => {
    const decision = decider.decide(command, state);
    const expectEvents = (expected: readonly Event[]): Given<Command, Event, Refusal> => {
      const events = accepted(decision, command);
      assert.deepStrictEqual(events, expected);
      const next = frozen(fold(decider, state, frozen(events)));
      const again = accepted(decider.decide(command, next), command);
      assert.deepStrictEqual(again, [], `${command.type} given again must change nothing`);
      return at(next);
    };
    return {
      then: (...expected) => expectEvents(expected),
      thenNothing: () => expectEvents([]),
      thenRejected: (code, detail) => {
        assert.ok(isRejection(decision), `${command.type} was accepted: ${JSON.stringify(decision)}`);
        assert.equal(decision.rejected, code);
        if (detail !== undefined) assert.deepStrictEqual(decision.detail, detail);
        return at(state);
      },
    };
  };
  return at(frozen(decider.initial));
}
