import type * as z from 'zod';
import { printable } from './quoted.ts';

/** More mistakes than these are counted, not told. */
const problemsMax = 5;
const fieldCharactersMax = 120;
const messageCharactersMax = 240;

/** What is wrong with a value, field by field, in one line of printable ASCII that repeats none of it but the names of its fields. */
export function problemsOf(error: z.ZodError): string {
  const problems = error.issues.flatMap(problemsIn);
  const more = problems.length - problemsMax;
  return [...problems.slice(0, problemsMax), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

/** One for each name that is wrong; other issues are one each. */
function problemsIn(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => problem([...issue.path, key], 'is not a field here'));
  return [problem(issue.path, issue.message)];
}

function problem(path: readonly PropertyKey[], message: string): string {
  const field = printable(path.map(String).join('.'), fieldCharactersMax) || 'input';
  return `${field}: ${printable(message, messageCharactersMax)}`;
}
