import { reject, type Rejection } from './decider.ts';
import type { Actor } from './fact.ts';

/** One step of a matter that several must take: who took it, and the hash of the content that they had before them. */
export interface Step {
  readonly name: string;
  readonly actor: Actor;
  readonly contentHash: string;
}

export type FourEyesRefusal =
  | Rejection<'SamePerson', { readonly person: string; readonly before: string; readonly now: string }>
  | Rejection<'OtherContent', { readonly before: string; readonly now: string }>;

/** Everybody who stands behind a step: who acts, and on whose behalf. */
const persons = ({ actor }: Step): readonly string[] =>
  actor.onBehalfOf === undefined ? [actor.subject] : [actor.subject, actor.onBehalfOf];

/**
 * 四眼: whether `next` may follow the steps taken before in the same matter. Nobody stands behind two steps, also not by
 * delegation in either direction; and every step is about the same content, byte for byte (its hash). The order of the
 * former steps does not matter.
 */
export function fourEyes(before: readonly Step[], next: Step): FourEyesRefusal | undefined {
  const other = before.find(({ contentHash }) => contentHash !== next.contentHash);
  if (other) return reject('OtherContent', { before: other.name, now: next.name });
  const mine = new Set(persons(next));
  for (const step of before) {
    const person = persons(step).find((one) => mine.has(one));
    if (person !== undefined) return reject('SamePerson', { person, before: step.name, now: next.name });
  }
  return undefined;
}
