import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../lib/plan-file/document.ts';
import { planFileJsonSchema } from '../../lib/plan-file/json-schema.ts';
import { readPlanFile } from '../../lib/plan-file/read.ts';

const shop = readFileSync(new URL('../../examples/shop.yaml', import.meta.url), 'utf8');

/** Messages of the example with `[from, to]` replaced. */
function problemsOf(...changes: [from: string, to: string][]): string[] {
  const text = changes.reduce((written, [from, to]) => {
    if (!written.includes(from)) throw new Error(`the example does not contain ${from}`);
    return written.replace(from, to);
  }, shop);
  const reading = readPlanFile('homeward.yaml', text);
  return reading.kind === 'read' ? [] : reading.problems.map(formatProblem);
}

describe('plan file', () => {
  it('gives plans with their durations in seconds and defaults filled in', () => {
    const reading = readPlanFile('shop.yaml', shop);
    expect(reading).toMatchObject({
      kind: 'read',
      value: [
        {
          name: 'shop',
          protection: { everySeconds: 300, rpoTargetSeconds: 900, retention: { latest: 6, minimumAgeSeconds: 0 } },
          servers: {
            web: { wave: 2, health: { withinSeconds: 600, http: { port: 80, path: '/health', status: 200 } } },
          },
          failover: { rtoTargetSeconds: 1800, whenFenceIsOwed: 'proceed', automatic: { missingForSeconds: 180 } },
          failback: { pauseLimitSeconds: 900, roundsMax: 4, keepForSeconds: 1_209_600 },
        },
      ],
    });
  });

  it.each([
    ['a text by itself', 'userData: hunter2'],
    ['a block of something else', 'userData: { text: hunter2 }'],
    ['more than 16 KiB of UTF-8', `userData: { replace: ${'ü'.repeat(8_193)} }`],
    ['nothing', 'userData: { replace: "" }'],
  ])('says what user data may be, and nothing of what it is: %s', (_, written) => {
    const elastic = 'instance: i-03eb0000000000003';
    expect(problemsOf([elastic, `${elastic}\n        ${written}`])).toEqual([
      'homeward.yaml:28: plans.shop.servers.web.userData: is no policy for user data. Write keep, suppress, or a block with "replace" and the text that takes its place, 16 KiB at most.',
    ]);
  });

  it.each<[rule: string, from: string, to: string, problem: string]>([
    [
      'capacity by a word or an id',
      'instance: i-03eb0000000000003',
      'instance: i-03eb0000000000003\n        capacity: cr-1',
      'homeward.yaml:28: plans.shop.servers.web.capacity: "cr-1" is no capacity. Write open, none, or the id of a Capacity Reservation like "cr-0123456789abcdef0".',
    ],
    [
      'a duration',
      'every: 5 minutes',
      'every: 5 minuts',
      'homeward.yaml:14: plans.shop.protection.every: "5 minuts" is not a duration. Write it like "15 minutes" or "2 hours".',
    ],
    [
      'a number as duration',
      'every: 5 minutes',
      'every: 300',
      'homeward.yaml:14: plans.shop.protection.every: 300 is not a duration. Write it like "15 minutes" or "2 hours".',
    ],
    [
      'a missing field',
      '      rtoTarget: 30 minutes\n',
      '',
      'homeward.yaml:33: plans.shop.failover.rtoTarget: is missing. Write it like "15 minutes" or "2 hours".',
    ],
    [
      'an unknown field',
      'retention: { latest: 6 }',
      'keepPoints: 6',
      'homeward.yaml:16: plans.shop.protection.keepPoints: is not a field here. The fields are: every, rpoTarget, timeBasedCopies, retention.',
    ],
    [
      'a number of points',
      'latest: 6',
      'latest: -1',
      'homeward.yaml:16: plans.shop.protection.retention.latest: -1 is not allowed. Write a whole number from 0 to 1000.',
    ],
    [
      'an optional server to which a record leads',
      'wave: 2\n',
      'wave: 2\n        optional: true\n',
      'homeward.yaml:32: plans.shop.traffic.0.server: "web" is optional, and nobody would be served where it is left out. Name a server that is not.',
    ],
    [
      'what is optional',
      'wave: 2\n',
      'wave: 2\n        optional: 1\n',
      'homeward.yaml:29: plans.shop.servers.web.optional: 1 is not yes or no. Write true or false.',
    ],
    [
      'an expected text',
      'path: /health',
      'path: /health, text: ""',
      'homeward.yaml:29: plans.shop.servers.web.health.http.text: "" is not a text. Write up to 200 characters in one line.',
    ],
    [
      'a health command',
      'tcp: 5432',
      "tcp: 5432, commands: ['echo {{ x }}']",
      'homeward.yaml:21: plans.shop.servers.db.health.commands.0: "echo {{ x }}" is not a command. Write one line of 1 to 1000 characters without "{{", which Systems Manager would fill in.',
    ],
    [
      'a retention that keeps nothing',
      '{ latest: 6 }',
      '{ latest: 0 }',
      'homeward.yaml:16: plans.shop.protection.retention: keeps nothing. Write a number above 0 for one of latest, hourly, daily, weekly, monthly, yearly, or a minimumAge.',
    ],
    [
      'a minimum age that is over before the next point',
      '{ latest: 6 }',
      '{ minimumAge: 1 minute }',
      'homeward.yaml:16: plans.shop.protection.retention.minimumAge: "1 minute" is shorter than protection.every, so it keeps nothing. Write at least "5 minutes".',
    ],
    [
      'a minimum age for which AWS has too few snapshots',
      '{ latest: 6 }',
      '{ minimumAge: 116 days }',
      'homeward.yaml:16: plans.shop.protection.retention.minimumAge: "116 days" needs more than the 100000 snapshots of a Region. Write at most "115 days", or a longer protection.every.',
    ],
    [
      'a group without tags',
      '    traffic:',
      '    groups: { job: { tags: {}, wave: 1, health: { within: 1 minute } } }\n    traffic:',
      'homeward.yaml:30: plans.shop.groups.job.tags: is not enough. Name at least one tag.',
    ],
    [
      'a tag with a wildcard, which filters and policies take for more',
      '    traffic:',
      '    groups: { job: { tags: { role: "job*" }, wave: 1, health: { within: 1 minute } } }\n    traffic:',
      'homeward.yaml:30: plans.shop.groups.job.tags.role: "job*" is not a tag here. Write 1 to 255 ASCII letters, digits and signs, without "*", "?" and "\\".',
    ],
    [
      'a wave',
      'wave: 2',
      'wave: 0',
      'homeward.yaml:28: plans.shop.servers.web.wave: 0 is not allowed. Write a whole number from 1 to 100.',
    ],
    [
      'an instance id',
      'i-03eb0000000000003',
      'i-web',
      'homeward.yaml:27: plans.shop.servers.web.instance: "i-web" is not an id. Write it like "i-0123456789abcdef0".',
    ],
    [
      'a choice',
      'whenFenceIsOwed: proceed',
      'whenFenceIsOwed: ignore',
      'homeward.yaml:35: plans.shop.failover.whenFenceIsOwed: "ignore" is not known. Write one of: proceed, stop, ask.',
    ],
    [
      'a question that has no rule',
      'whenFenceIsOwed: proceed',
      'whenFenceIsOwed: ask',
      'homeward.yaml:35: plans.shop.failover.whenFenceIsOwed: "ask" needs a question. Write failover.questions.owedFence with "within" and "otherwise".',
    ],
    [
      'a question that is never asked',
      'whenFenceIsOwed: proceed',
      'whenFenceIsOwed: stop\n      questions: { owedFence: { within: 5 minutes, otherwise: undo } }',
      'homeward.yaml:36: plans.shop.failover.questions.owedFence: is never asked while failover.whenFenceIsOwed is stop. Write "ask" there, or leave the question out.',
    ],
    [
      'an isolation without a group for it',
      'whenFenceIsOwed: proceed',
      'whenFenceIsOwed: proceed\n      fence: isolate',
      'homeward.yaml:36: plans.shop.failover.fence: "isolate" has nothing to isolate with. Write failover.isolationGroups: a security group of the primary Region that has no rules.',
    ],
    [
      'groups to isolate with that are never used',
      'whenFenceIsOwed: proceed',
      'whenFenceIsOwed: proceed\n      isolationGroups: [sg-0150000000000000a]',
      'homeward.yaml:36: plans.shop.failover.isolationGroups: are never used while failover.fence is stop. Write "isolate" there, or leave them out.',
    ],
    [
      'a group to isolate with that servers have',
      'whenFenceIsOwed: proceed',
      'whenFenceIsOwed: proceed\n      fence: isolate\n      isolationGroups: [sg-0a10000000000000a]',
      'homeward.yaml:37: plans.shop.failover.isolationGroups.0: "sg-0a10000000000000a" is a group that servers have. Name one without rules, which nothing else has.',
    ],
    [
      'a group to isolate with twice',
      'whenFenceIsOwed: proceed',
      'whenFenceIsOwed: proceed\n      fence: isolate\n      isolationGroups: [sg-0150000000000000a, sg-0150000000000000a]',
      'homeward.yaml:37: plans.shop.failover.isolationGroups: are not what an interface can have. Name up to 5 groups, each once.',
    ],
    [
      'what is done of a fence that is never owed',
      'whenFenceIsOwed: proceed',
      'whenFenceIsOwed: stop\n      fence: none',
      'homeward.yaml:35: plans.shop.failover.whenFenceIsOwed: "stop" says nothing while failover.fence is none: nobody fences, and the failover goes on. Write "proceed".',
    ],
    [
      'a question that waits for days',
      'pauseLimit: 15 minutes',
      'pauseLimit: 15 minutes\n      questions: { cutOver: { within: 2 days, otherwise: proceed } }',
      'homeward.yaml:41: plans.shop.failback.questions.cutOver.within: "2 days" is no time to wait for an answer. Write "1 minute" to "1 day".',
    ],
    [
      'a plan name',
      '  shop:',
      '  Shop:',
      'homeward.yaml:3: plans.Shop: is not a name. Use up to 31 lower-case letters, digits and "-", a letter first.',
    ],
    [
      'the same server name twice',
      '      files:',
      '      db:',
      'homeward.yaml:22: db: is written twice. Names in one block must differ.',
    ],
    [
      'a schedule that is not in whole minutes',
      'every: 5 minutes',
      'every: 90 seconds',
      'homeward.yaml:14: plans.shop.protection.every: "90 seconds" is not in whole minutes, as schedules are. Write it like "15 minutes".',
    ],
    [
      'a schedule whose silence no alarm could notice',
      'every: 5 minutes\n      rpoTarget: 15 minutes',
      'every: 3 days\n      rpoTarget: 3 days',
      'homeward.yaml:14: plans.shop.protection.every: "3 days" is longer than 2 days, beyond which no alarm can notice that a schedule fell silent. Write at most "2 days".',
    ],
    [
      'an alarm that is not in whole minutes',
      'missingFor: 3 minutes',
      'missingFor: 90 seconds',
      'homeward.yaml:38: plans.shop.failover.automatic.missingFor: "90 seconds" is not in whole minutes up to a day, as alarms are. Write it like "3 minutes".',
    ],
    [
      'a record that is named twice',
      'name: db.shop.example.com',
      'name: shop.example.com',
      'homeward.yaml:32: plans.shop.traffic.1.name: "shop.example.com" is written twice. Name each record once.',
    ],
    [
      'one Region for both',
      'region: eu-west-1',
      'region: eu-central-1',
      'homeward.yaml:7: plans.shop.recovery.region: "eu-central-1" is the primary Region too. Name another Region.',
    ],
    [
      'a key of another Region',
      'kms:eu-central-1',
      'kms:eu-west-1',
      'homeward.yaml:8: plans.shop.recovery.key: "arn:aws:kms:eu-west-1:123456789012:key/2b7e1516-28ae-42d2-a6ab-f7158809cf4f" is not a key of eu-central-1. Name a key of the recovery Region.',
    ],
    [
      'an RPO target below the schedule',
      'rpoTarget: 15 minutes',
      'rpoTarget: 1 minute',
      'homeward.yaml:15: plans.shop.protection.rpoTarget: "1 minute" is shorter than protection.every. Write at least "5 minutes".',
    ],
    [
      'traffic to a server of no plan',
      'server: web',
      'server: wob',
      'homeward.yaml:31: plans.shop.traffic.0.server: "wob" is not a server of this plan. Servers: db, files, web.',
    ],
    [
      'an instance named twice',
      'i-0f100000000000002',
      'i-0db00000000000001',
      'homeward.yaml:23: plans.shop.servers.files.instance: "i-0db00000000000001" is already the instance of server db. Name each instance once.',
    ],
    [
      'a lock that is not in whole days',
      '{ latest: 6 }',
      '{ minimumAge: 2 days, lock: { mode: governance, for: 36 hours } }',
      'homeward.yaml:16: plans.shop.protection.retention.lock.for: "36 hours" is not in whole days up to 36500, as locks of snapshots are. Write it like "7 days".',
    ],
    [
      'a lock that outlives what it locks',
      '{ latest: 6 }',
      '{ daily: 30, lock: { mode: compliance, for: 7 days } }',
      'homeward.yaml:16: plans.shop.protection.retention.lock.for: "7 days" is longer than every point is kept, 30 minutes. Lock for less, or write minimumAge: 7 days.',
    ],
    [
      'a mode of locks',
      '{ latest: 6 }',
      '{ minimumAge: 7 days, lock: { mode: legal, for: 7 days } }',
      'homeward.yaml:16: plans.shop.protection.retention.lock.mode: "legal" is not known. Write one of: governance, compliance.',
    ],
  ])('names file, line, field, value and what would be right of %s', (_rule, from, to, problem) => {
    expect(problemsOf([from, to])).toEqual([problem]);
  });

  it('tells every mistake at once, those between fields too, in the order of their lines', () => {
    const problems = problemsOf(
      ['every: 5 minutes', 'every: soon'],
      ['server: web', 'server: wob'],
      ['pauseLimit', 'pauseLimt'],
    );
    expect(problems.map((problem) => problem.split(': ').slice(0, 2).join(' '))).toEqual([
      'homeward.yaml:14 plans.shop.protection.every',
      'homeward.yaml:31 plans.shop.traffic.0.server',
      'homeward.yaml:39 plans.shop.failback.pauseLimit',
      'homeward.yaml:40 plans.shop.failback.pauseLimt',
    ]);
  });

  it('keeps the newest six points unless told otherwise, and no more of the calendar than is written', () => {
    const retentionOf = (written: string) => {
      const reading = readPlanFile('homeward.yaml', shop.replace('      retention: { latest: 6 }\n', written));
      return reading.kind === 'read' && reading.value[0]?.protection.retention;
    };
    const none = { hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, minimumAgeSeconds: 0 };
    expect(retentionOf('')).toEqual({ ...none, latest: 6 });
    expect(retentionOf('      retention: { daily: 7, minimumAge: 2 days }\n')).toEqual({
      ...none,
      latest: 6,
      daily: 7,
      minimumAgeSeconds: 172_800,
    });
    expect(retentionOf('      retention: { latest: 0, yearly: 1 }\n')).toEqual({ ...none, latest: 0, yearly: 1 });
    expect(retentionOf('      retention: { latest: 0, minimumAge: 1 hour }\n')).toMatchObject({ latest: 0 });
    const locked = '      retention: { minimumAge: 7 days, lock: { mode: governance, for: 7 days } }\n';
    expect(retentionOf(locked)).toMatchObject({ lock: { mode: 'governance', days: 7 } });
  });

  it('says where text is not YAML', () => {
    const reading = readPlanFile('homeward.yaml', 'plans:\n  a: [\n');
    expect(reading.kind === 'wrong' && reading.problems.map(formatProblem)).toEqual([
      'homeward.yaml:3: is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ].',
    ]);
  });

  it('says what an empty file lacks', () => {
    expect(readPlanFile('homeward.yaml', '')).toMatchObject({
      problems: [{ line: 1, message: 'is not a block of fields. Write below it: plans.' }],
    });
    expect(readPlanFile('homeward.yaml', 'plans: {}')).toMatchObject({
      problems: [{ message: 'is not enough. Name at least one plan.' }],
    });
  });

  it('publishes a JSON Schema of what people write', () => {
    expect(planFileJsonSchema()).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      required: ['plans'],
      properties: {
        plans: { additionalProperties: { properties: { protection: { required: ['every', 'rpoTarget'] } } } },
      },
    });
  });
});

describe('groups of servers by tags', () => {
  const group = 'job: { tags: { role: job }, wave: 1, health: { within: 1 minute } }';
  const withGroups = (groups: string): [string, string] => ['    traffic:', `    groups: { ${groups} }\n    traffic:`];

  it('are read with their durations in seconds', () => {
    const reading = readPlanFile('homeward.yaml', shop.replace(...withGroups(group)));
    expect(reading).toMatchObject({
      kind: 'read',
      value: [{ groups: { job: { tags: { role: 'job' }, wave: 1, health: { withinSeconds: 60 } } } }],
    });
  });

  it('are enough for a plan, and without them a plan needs servers', () => {
    const servers = shop.slice(shop.indexOf('    servers:'), shop.indexOf('    traffic:'));
    const traffic = shop.slice(shop.indexOf('    traffic:'), shop.indexOf('    failover:'));
    expect(problemsOf([servers, ''], [traffic, `    groups: { ${group} }\n`])).toEqual([]);
    expect(
      problemsOf([servers, ''], [traffic, `    groups: { ${group.replace('wave', 'optional: true, wave')} }\n`]),
    ).toEqual([
      expect.stringMatching(
        /plans\.shop\.groups\.job\.optional: true would let an operation leave out every server\. Take it from one at least\.$/,
      ),
    ]);
    expect(problemsOf([servers, ''], [traffic, ''])).toEqual([
      'homeward.yaml:3: plans.shop.servers: is missing. Name at least one server, or one group of servers by their tags.',
    ]);
  });

  it('share no name with a server, and no tags with each other', () => {
    const server = 'job-0123456789abcdef0: { instance: i-0123456789abcdef0, wave: 1, health: { within: 1 minute } }';
    const problems = problemsOf(
      ['      web:', `      ${server}\n      web:`],
      withGroups(`${group}, night: { tags: { role: job }, wave: 2, health: { within: 1 minute } }`),
    );
    expect(problems).toEqual([
      expect.stringContaining(
        'servers.job-0123456789abcdef0: is named like a member of group job. Give it another name.',
      ),
      expect.stringContaining('groups.night.tags: are those of group job. Name each group of servers once.'),
    ]);
  });
});
