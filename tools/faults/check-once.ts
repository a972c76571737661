import { type Answer, versionIn } from './city/step.ts';

/** Something that a client wanted done once, and all that it was told about it. */
export interface Intention {
  readonly id: string;
  /** What the service said and the client never heard, where somebody listened. */
  readonly dropped?: Answer;
  /** What the repetitions were told. */
  readonly told: readonly Answer[];
}

const MOST = 3;
const isDone = ({ status }: Answer): boolean => status === 'accepted' || status === 'repeated';

/** What was done twice or not at all, and where two answers about one thing differ. `facts`: how many there are of each. */
export function checkOnce(intentions: readonly Intention[], facts: ReadonlyMap<string, number>): string[] {
  return intentions.flatMap(({ id, dropped, told }) => {
    const count = facts.get(id) ?? 0;
    const answers = dropped ? [dropped, ...told] : told;
    const versions = new Set(answers.map(({ consistencyToken }) => versionIn(consistencyToken)));
    return [
      ...(count > 1 ? [`${id} was done ${count} times`] : []),
      ...(count === 0 ? [`${id} was answered ${told[0]?.status ?? 'nothing'} and never done`] : []),
      ...(told.length < MOST ? [`${id} was answered ${told.length} of ${MOST} times`] : []),
      ...(answers.some((answer) => !isDone(answer)) ? [`${id} was refused at a repetition`] : []),
      ...(versions.size > 1 ? [`${id} was told ${[...versions].join(' and ')} as its version`] : []),
    ];
  });
}
