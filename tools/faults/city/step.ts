import type { ServiceName } from '../../state/run-file.ts';

/** What must become of a command, by the model. */
export type Expected =
  | { readonly kind: 'facts'; readonly version?: number }
  | { readonly kind: 'nothing'; readonly version?: number }
  | { readonly kind: 'refused'; readonly code: string };

/** A command that a client sends until it is answered, always with the same key. */
export interface Step {
  readonly service: ServiceName;
  readonly command: string;
  readonly key: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly streamId: string;
  readonly expected: Expected;
}

/** Commands of one stream in order: the next one exists once the last is answered. */
export interface Lane {
  next(): Step;
  /** The step was answered as expected: what holds from now on. */
  done(step: Step): void;
}

export interface Answer {
  readonly status: 'accepted' | 'repeated' | 'rejected' | 'invalid' | 'retry' | 'failed';
  readonly code?: string | undefined;
  readonly consistencyToken?: string | undefined;
}

/** What a client was told about a command, and how often it had to ask. */
export interface Acknowledged extends Step {
  readonly answer: Answer;
  readonly tries: number;
  readonly ms: number;
}

/** The version in a token of one stream. */
export function versionIn(token: string | undefined): number | undefined {
  const version = /@(\d+)$/.exec(token ?? '')?.[1];
  return version === undefined ? undefined : Number(version);
}
