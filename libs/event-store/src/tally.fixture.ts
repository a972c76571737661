import { type Decider, reject, type Rejection } from '@tongchou/kernel';

export type TallyCommand =
  | { readonly type: 'OpenTally'; readonly name: string }
  | { readonly type: 'Add'; readonly amount: number; readonly note?: string }
  | { readonly type: 'ReachAtLeast'; readonly total: number };

export type TallyEvent =
  | { readonly type: 'TallyOpened'; readonly name: string }
  | { readonly type: 'Added'; readonly amount: number; readonly note?: string };

export type TallyRefusal = Rejection<'NotOpen' | 'OpenAlready' | 'TooMuch' | 'NameTaken'>;

export interface Tally {
  readonly name: string | undefined;
  readonly total: number;
  readonly notes: ReadonlyMap<string, number>;
}

export const MOST = 1_000;

const evolve = (state: Tally, event: TallyEvent): Tally => {
  if (event.type === 'TallyOpened') return { ...state, name: event.name };
  const notes = event.note === undefined ? state.notes : new Map([...state.notes, [event.note, event.amount]]);
  return { ...state, total: state.total + event.amount, notes };
};

/** A small aggregate for specs of the write side: a claimed name, a limit, a command that may have nothing to do. */
export const tally: Decider<TallyCommand, TallyEvent, Tally, TallyRefusal> = {
  streamType: 'Tally',
  foldVersion: 1,
  initial: { name: undefined, total: 0, notes: new Map() },
  evolve,
  decide(command, state) {
    if (command.type === 'OpenTally') {
      if (state.name === undefined) return [{ type: 'TallyOpened', name: command.name }];
      return state.name === command.name ? [] : reject('OpenAlready');
    }
    if (state.name === undefined) return reject('NotOpen');
    if (command.type === 'ReachAtLeast') {
      const missing = command.total - state.total;
      return missing > 0 ? [{ type: 'Added', amount: missing }] : [];
    }
    if (state.total + command.amount > MOST) return reject('TooMuch', { left: MOST - state.total });
    return [{ ...command, type: 'Added' }];
  },
  claims: (event) =>
    event.type === 'TallyOpened' ? [{ kind: 'tallyName', key: event.name, refusal: reject('NameTaken') }] : [],
};
