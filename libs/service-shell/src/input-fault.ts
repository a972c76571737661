import type { core } from 'zod';
import { invalid, type Verdict } from './verdict.ts';

const GIVEN_MAX = 60;

function given(issue: core.$ZodIssue): string {
  if (issue.input === undefined) return '';
  const text =
    typeof issue.input === 'object'
      ? `a JSON ${Array.isArray(issue.input) ? 'list' : 'object'}`
      : JSON.stringify(issue.input);
  return ` (given: ${text.length > GIVEN_MAX ? `${text.slice(0, GIVEN_MAX)}…` : text})`;
}

const isMissing = (issue: core.$ZodIssue): boolean => issue.code === 'invalid_type' && issue.input === undefined;

function sentence(issue: core.$ZodIssue): string {
  const field = issue.path.join('.');
  if (issue.code === 'unrecognized_keys')
    return `${field ? `${field} has` : 'there is'} no field ${issue.keys.join(', ')}`;
  if (isMissing(issue)) return `${field || 'input'} is required`;
  return `${field || 'input'}: ${issue.message}${given(issue)}`;
}

/** What zod found wrong, as a person needs it: every fault in one sentence each, the path of the first. */
export function inputFault(issues: readonly core.$ZodIssue[]): Verdict {
  const first = issues[0];
  const extra = first?.code === 'unrecognized_keys' ? first.keys.slice(0, 1) : [];
  const path = [...(first?.path ?? []), ...extra].map(String);
  return invalid(issues.slice(0, 5).map(sentence).join('; '), path);
}
