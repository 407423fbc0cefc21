import { failureCodes } from '../../lib/domain/failure.ts';
import { leaksIn } from './canary.ts';
import type { Invoked } from './ground.ts';
import { isShowable } from './showable.ts';
import type { Verdict } from './tally.ts';

const messageCharactersMax = 5_000;
/** Of the closed list, and yet the confession that nobody thought of it. */
const confession = 'Unforeseen';

/** What is wrong with how a step ended, whatever it was given: nameless errors, texts that cannot be shown, secrets told. */
export function complaintOf({ outcome, logged }: Invoked): string | undefined {
  const badLine = logged.find((line) => !isShowable(line) || !isLogEntry(line));
  if (badLine !== undefined) return `a log line cannot be shown: ${badLine}`;
  const leaks = leaksIn(logged.join('\n'));
  if (leaks.length > 0) return `the log tells a secret: ${leaks.join(', ')}`;
  if (outcome.kind === 'returned') {
    const told = leaksIn(JSON.stringify(outcome.value));
    return told.length > 0 ? `the answer tells a secret: ${told.join(', ')}` : undefined;
  }
  const { name, message } = outcome;
  if (!Object.hasOwn(failureCodes, name) || name === confession) return `it breaks off as ${name}: ${message}`;
  if (!isShowable(message)) return `its message cannot be shown: ${message}`;
  if (message.length > messageCharactersMax) return `its message is ${message.length} characters long`;
  if (leaksIn(message).length > 0) return `its message tells a secret: ${leaksIn(message).join(', ')}`;
  return undefined;
}

function isLogEntry(line: string): boolean {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === 'object' && entry !== null && Object.keys(entry).join() === 'level,step,code,message';
  } catch {
    return false;
  }
}

export function broken(what: string): Verdict {
  return { kind: 'broken', what };
}
