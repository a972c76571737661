import { describe, expect, it } from '@jest/globals';
import { reject } from '@tongchou/kernel';
import type { Decider, Rejection } from '@tongchou/kernel';
import { scenario } from './scenario.ts';

type Command = { readonly type: 'Raise'; readonly to: number } | { readonly type: 'Add'; readonly by: number };
type Event = { readonly type: 'Raised'; readonly to: number };
type Refusal = Rejection<'TooHigh', { readonly limit: number }>;

const lift: Decider<Command, Event, { readonly height: number }, Refusal> = {
  streamType: 'Lift',
  foldVersion: 1,
  initial: { height: 0 },
  evolve: (_, event) => ({ height: event.to }),
  decide: (command, state) => {
    const to = command.type === 'Add' ? state.height + command.by : command.to;
    if (to > 9) return reject('TooHigh', { limit: 9 });
    return to === state.height ? [] : [{ type: 'Raised', to }];
  },
};

const raise = (to: number): Command => ({ type: 'Raise', to });
const raised = (to: number): Event => ({ type: 'Raised', to });

describe('a scenario', () => {
  it('tells a story, step after step', () => {
    scenario(lift)
      .given(raised(2))
      .when(raise(5))
      .then(raised(5))
      .when(raise(5))
      .thenNothing()
      .when(raise(12))
      .thenRejected('TooHigh', { limit: 9 });
  });

  it('fails on other events, on a refusal, on an acceptance, on another detail', () => {
    const story = scenario(lift).given(raised(2));
    expect(() => story.when(raise(5)).then(raised(6))).toThrow();
    expect(() => story.when(raise(12)).then(raised(12))).toThrow('Raise was refused: TooHigh {"limit":9}');
    expect(() => story.when(raise(5)).thenRejected('TooHigh')).toThrow('Raise was accepted');
    expect(() => story.when(raise(12)).thenRejected('TooHigh', { limit: 8 })).toThrow();
    expect(() => story.when(raise(5)).thenNothing()).toThrow();
  });

  it('fails on a command that would change something twice', () => {
    expect(() => scenario(lift).when({ type: 'Add', by: 1 }).then(raised(1))).toThrow(
      'given again must change nothing',
    );
  });

  it('fails on an evolve that changes what it was given', () => {
    const careless = { ...lift, evolve: (state: { height: number }, event: Event) => Object.assign(state, event) };
    expect(() => scenario(careless).given(raised(2))).toThrow(TypeError);
  });
});
