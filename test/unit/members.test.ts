import { describe, expect, it } from 'vitest';
import { membersChanged, selectMembers } from '../../lib/domain/members.ts';
import type { Plan } from '../../lib/domain/plan.ts';

const rules = { wave: 1, health: { withinSeconds: 600 } };
const plan = {
  servers: { db: { instance: 'i-1', ...rules } },
  groups: { web: { tags: { role: 'web' }, ...rules }, job: { tags: { role: 'job' }, ...rules } },
} as unknown as Plan;

describe('the servers of a plan at one moment', () => {
  it('are those that it names and those that its groups pick, by group and instance id', () => {
    const { members } = selectMembers(plan, [
      { group: 'web', instance: 'i-2' },
      { group: 'job', instance: 'i-3' },
    ]);
    expect(members).toEqual({
      db: { instance: 'i-1', group: null },
      'web-2': { instance: 'i-2', group: 'web' },
      'job-3': { instance: 'i-3', group: 'job' },
    });
  });

  it('have an instance once: the plan names it, or one group picks it', () => {
    const { members, claimedTwice } = selectMembers(plan, [
      { group: 'web', instance: 'i-1' },
      { group: 'web', instance: 'i-2' },
      { group: 'job', instance: 'i-2' },
    ]);
    expect(Object.keys(members)).not.toContain('web-1');
    expect(claimedTwice).toEqual(['i-2 carries the tags of groups web and job']);
  });

  it('come and go by their groups; a server that the plan no longer names is no news', () => {
    const before = { db: { instance: 'i-1', group: null }, 'web-2': { instance: 'i-2', group: 'web' } };
    const now = { 'web-4': { instance: 'i-4', group: 'web' } };
    expect(membersChanged(before, now)).toEqual({ come: ['web-4'], gone: ['web-2'] });
  });
});
