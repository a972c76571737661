/** What went wrong and what to do about it, for a person at a terminal; the command ends with `exitCode`. */
export class Problem extends Error {
  readonly remedy: string;
  readonly exitCode: number;

  constructor(message: string, remedy: string, options: { exitCode?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.remedy = remedy;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** Thrown by `--help`: the text goes to stdout and the command ends well. */
export class HelpWanted extends Error {}

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
