import { isUnversioned, withOneWrong, withoutAction } from './canaries.ts';
import { reasons } from './reasons.ts';
import type { RightsRecord } from './record.ts';
import { meetings } from './separation.ts';
import { unallowed } from './simulate.ts';
import { grants, unreasoned, unusedGrants } from './unused.ts';
import { needlessWildcards } from './wildcards.ts';

/** What recorded calls say about the rights of a stack. The lists are empty when all is as it should be. */
export interface RightsReport {
  /** Calls of deployed functions. */
  readonly calls: number;
  /** What IAM was asked for them, each distinct request once. */
  readonly requests: number;
  readonly roles: number;
  /** Actions granted, counted for each role. */
  readonly grants: number;
  /** Granted, unused, and listed with a reason. */
  readonly unusedWithReason: number;
  /** Policies without one action, and those with one resource or condition that does not fit. */
  readonly canaries: { readonly withoutAction: number; readonly withOneWrong: number; readonly caught: number };
  /** Calls that no right allows. */
  readonly unallowed: readonly string[];
  /** Grants that no call used and that have no reason. */
  readonly unused: readonly string[];
  /** Reasons of grants that are used, or gone. */
  readonly outlivedReasons: readonly string[];
  /** Grants on everything although AWS has resources. */
  readonly needlessWildcards: readonly string[];
  /** Roles in which rights meet that must be apart. */
  readonly meetings: readonly string[];
  /** Wrong policies that no recorded call met. */
  readonly uncaught: readonly string[];
}

/** Judges every right of every role by what was recorded. */
export async function reportRights(record: RightsRecord): Promise<RightsReport> {
  const { policies, requests, calls } = record;
  const unused = unusedGrants(policies, requests);
  const missing = unreasoned(unused, reasons);
  const removed = await withoutAction(policies, requests);
  const wrong = (await withOneWrong(policies, requests)).filter((canary) => !isUnversioned(canary));
  const uncaught = [...removed, ...wrong].filter(({ isCaught }) => !isCaught);
  return {
    calls,
    requests: requests.length,
    roles: policies.size,
    grants: grants(policies).length,
    unusedWithReason: unused.length - missing.grants.length,
    canaries: {
      withoutAction: removed.length,
      withOneWrong: wrong.length,
      caught: removed.length + wrong.length - uncaught.length,
    },
    unallowed: await unallowed(record),
    unused: missing.grants,
    outlivedReasons: missing.reasons,
    needlessWildcards: await needlessWildcards(policies),
    meetings: meetings(policies),
    uncaught: uncaught.map(({ name }) => name),
  };
}
