import { AnswerError } from './answer-error.ts';
import { GRAPH_CODES } from './error-codes.ts';
import type { Verdict } from './verdict.ts';

const { happened, remedy } = GRAPH_CODES.FORBIDDEN;
/** The same words whatever is asked for, and whether it exists or not. */
const says = `${happened} ${remedy}`;

export const forbidden = (): AnswerError => new AnswerError('FORBIDDEN', says);

export const forbiddenVerdict: Verdict = { status: 'rejected', code: 'FORBIDDEN', message: says };
