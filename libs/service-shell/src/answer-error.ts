import { pageOf, type AnswerCode } from './error-codes.ts';

/** An error that may be shown: its code stands in the catalogue, its message holds nothing internal. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
  readonly code: AnswerCode;
  readonly retryable: boolean;
  readonly status: number;
  /** The field of the input that is wrong, outermost first. */
  readonly inputPath: readonly string[] | undefined;

  constructor(code: AnswerCode, message: string, inputPath?: readonly string[]) {
    super(message);
    this.code = code;
    this.inputPath = inputPath;
    ({ retryable: this.retryable, status: this.status } = pageOf(code));
  }
}
