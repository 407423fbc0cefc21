import { beforeAll, describe, expect, it } from 'vitest';
import { livedPlan, livedWorld, liveThrough } from '../../proof/rights/life.ts';
import type { RolePolicies, Statement } from '../../proof/rights/policies.ts';
import { reasons } from '../../proof/rights/reasons.ts';
import type { RightsRecord } from '../../proof/rights/record.ts';
import { type RightsReport, reportRights } from '../../proof/rights/report.ts';
import { requestsOf } from '../../proof/rights/requests.ts';
import { meetings } from '../../proof/rights/separation.ts';
import { refusals, whyRefused } from '../../proof/rights/simulate.ts';
import { unreasoned, unusedGrants } from '../../proof/rights/unused.ts';
import { needlessWildcards } from '../../proof/rights/wildcards.ts';
import { Stage } from '../../rehearsal/stage.ts';
import { assemblyOf } from '../rehearsal/shop-stage.ts';

const assembly = assemblyOf(livedPlan);
let stage: Stage;
let record: RightsRecord;
let report: RightsReport;
beforeAll(async () => {
  stage = await Stage.open({ plan: livedPlan, world: livedWorld, seed: 21, assembly: assembly() });
  record = await liveThrough(stage).finally(() => stage.close());
  report = await reportRights(record);
}, 240_000);

/** The deployed policies, with statements added to one role. */
function policiesWith(title: string, ...added: Statement[]): ReadonlyMap<string, RolePolicies> {
  const changed = [...record.policies].map(([name, role]): [string, RolePolicies] => [
    name,
    role.title === title ? { ...role, statements: [...role.statements, ...added] } : role,
  ]);
  return new Map(changed);
}

const allow = (action: string, resource = '*'): Statement => ({
  Effect: 'Allow',
  Action: [action],
  Resource: [resource],
});

describe('the rights of the roles', () => {
  it('allow every call of a whole life, with its resources and the values of its conditions', () => {
    expect(report.calls).toBeGreaterThan(4_000);
    expect(report.unallowed).toEqual([]);
  });

  it('are each used by some call, or listed with a reason that still holds', () => {
    expect([...report.unused, ...report.outlivedReasons]).toEqual([]);
  });

  it('are given on everything only where AWS has no resources', () => expect(report.needlessWildcards).toEqual([]));

  it('to delete, launch, move blocks and switch traffic are apart', () => expect(report.meetings).toEqual([]));
});

describe('a policy that is wrong is noticed', () => {
  it('when any one action that is used is missing, and when any one resource or condition does not fit', () => {
    const { withoutAction, withOneWrong, caught } = report.canaries;
    expect(report.uncaught).toEqual([]);
    expect(caught).toBe(withoutAction + withOneWrong);
    expect([withoutAction > 200, withOneWrong > 400]).toEqual([true, true]);
  });

  it('when it allows what nothing does', () => {
    const policies = policiesWith('waves/health', allow('ec2:StopInstances'));
    expect(unreasoned(unusedGrants(policies, record.requests), reasons).grants).toEqual([
      'waves/health ec2:StopInstances',
    ]);
  });

  it('when a reason outlives its right', () => {
    const outlived = [...reasons, { roles: ['protect/seal'], actions: ['sns:Publish'], why: 'it was needed once' }];
    const unused = unusedGrants(record.policies, record.requests);
    expect(unreasoned(unused, outlived).reasons).toEqual(['protect/seal sns:Publish']);
  });

  it('when it names everything instead of a resource', async () => {
    const policies = policiesWith('failover/fence', allow('ec2:StopInstances'));
    expect(await needlessWildcards(policies)).toEqual(['failover/fence ec2:StopInstances']);
  });

  it('when rights meet that must be apart', () => {
    const policies = policiesWith('traffic/switch', allow('ec2:TerminateInstances'));
    expect(meetings(policies)).toEqual(['traffic/switch: delete, switch traffic']);
  });

  it('when a role has no policy at all', async () => {
    const policies = new Map([...record.policies].filter(([, { title }]) => title !== 'protect/seal'));
    const refused = await refusals({ requests: record.requests, policies });
    expect(refused.map(({ action }) => action)).toContain('cloudwatch:PutMetricData');
  });
});

describe('a request is noticed', () => {
  it('when nobody has said what AWS asks for it', () => {
    const call = { service: 'ec2', operation: 'CreateFleet', region: 'eu-west-1', role: undefined, at: 0, input: {} };
    expect(() => requestsOf({ ...call, outcome: 'answered' }, stage.cloud)).toThrow(/ec2 CreateFleet/);
  });

  it('when AWS knows no such action, resource or condition key', async () => {
    const everything = [allow('*')];
    const ask = (action: string, resource: string, context = {}) =>
      whyRefused({ role: 'r', action, resource, context }, everything);
    const snapshot = 'arn:aws:ec2:eu-west-1::snapshot/snap-1';
    expect(await ask('ec2:DeleteSnapshot', snapshot)).toBeUndefined();
    expect(await ask('ec2:DropSnapshot', snapshot)).toContain('invalid.action');
    expect(await ask('ec2:DeleteSnapshot', 'arn:aws:ec2:eu-west-1:123456789012:instance/i-1')).toContain('resource');
    expect(await ask('ec2:DeleteSnapshot', snapshot, { 'ec2:CreateAction': 'x' })).toContain('ec2:CreateAction');
  });
});
