import * as z from 'zod';

/** What a waiting state carries from one look to the next. */
export const pollSchema = z.object({ polls: z.number().int().nonnegative(), since: z.string().optional() });
export type Poll = z.infer<typeof pollSchema>;

export interface PollResult {
  readonly done: boolean;
  /** Seconds until the next look. */
  readonly waitSeconds: number;
  readonly polls: number;
  /** When the first look was. */
  readonly since: string;
}

const firstPauseSeconds = 5;
const longestPauseSeconds = 60;

/** The next look: pauses grow by half from 5 s to 60 s, so that a day of waiting stays far below 25,000 history events. @source aws-facts [5.1] */
export function nextPoll(poll: Poll, done: boolean, now: Date): PollResult {
  const waitSeconds = Math.min(longestPauseSeconds, Math.round(firstPauseSeconds * 1.5 ** Math.min(poll.polls, 10)));
  return { done, waitSeconds, polls: poll.polls + 1, since: poll.since ?? now.toISOString() };
}

/** Where people wait for the end of it: a pause is a twentieth of what was waited for so far, 5 s to 60 s, so that no more than that is lost. */
export function nextPromptPoll(poll: Poll, done: boolean, now: Date): PollResult {
  const waited = Math.round(pollingSeconds(poll, now) / 20);
  const waitSeconds = Math.min(longestPauseSeconds, Math.max(firstPauseSeconds, waited));
  return { ...nextPoll(poll, done, now), waitSeconds };
}

/** The next look at something that must be done within `withinSeconds` of the first one; prompt where people wait for it. @throws what `overdue` makes */
export function nextPollWithin(
  poll: Poll,
  done: boolean,
  now: Date,
  limit: { readonly withinSeconds: number; readonly isPrompt?: true; overdue(): Error },
): PollResult {
  if (!done && pollingSeconds(poll, now) > limit.withinSeconds) throw limit.overdue();
  return limit.isPrompt === true ? nextPromptPoll(poll, done, now) : nextPoll(poll, done, now);
}

/** What was created just before the first look may not be seen in it. @source aws-facts [7.4] */
export const settledSeconds = 15;

/** Seconds since the first look; 0 at the first. */
export function pollingSeconds(poll: Poll, now: Date): number {
  return poll.since === undefined ? 0 : (now.getTime() - Date.parse(poll.since)) / 1_000;
}
