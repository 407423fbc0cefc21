import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { metrics } from '../../lib/names.ts';
import { watchedShop } from '../../proof/shop.ts';
import { assemblyOf } from '../rehearsal/shop-stage.ts';

/** Has every alarm that a plan can have. */
const watched = assemblyOf(watchedShop);

const page = readFileSync(join(import.meta.dirname, '../../docs/operating.md'), 'utf8');

/** The part of the page below a heading of the second level. */
const chapter = (heading: string) => new RegExp(`\\n## ${heading}\\n([^]*?)(?=\\n## |$)`).exec(page)?.[1] ?? '';

/** Headings of the third level of the chapter on alarms, with what stands below each. */
const sections = new Map(
  chapter('Alarms')
    .split(/^### /m)
    .slice(1)
    .map((text): [string, string] => [text.slice(0, text.indexOf('\n')), text.slice(text.indexOf('\n'))]),
);

interface Alarm {
  readonly AlarmDescription: string;
  readonly MetricName: string;
  readonly Namespace: string;
  readonly AlarmActions?: readonly { readonly Ref: string }[];
  readonly OKActions?: readonly { readonly Ref: string }[];
}

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: unknown }>>;
}

function resources(type: string, directory: string): [string, unknown][] {
  const [file = ''] = globSync('*.template.json', { cwd: directory });
  const { Resources } = JSON.parse(readFileSync(join(directory, file), 'utf8')) as Template;
  return Object.entries(Resources)
    .filter(([, { Type }]) => Type === type)
    .map(([id, { Properties }]) => [id, Properties]);
}

const alarms = (directory = watched()) =>
  ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'].flatMap((type) =>
    resources(type, directory).map(([, properties]) => properties as Alarm),
  );
const form =
  /^Homeward \[(warning|serious|critical)\] plan shop: .{20,}\. What to do: "(.+)" in docs\/operating\.md\.$/;
const headingOf = ({ AlarmDescription }: Alarm) => form.exec(AlarmDescription)?.[2] ?? AlarmDescription;

describe('docs/operating.md, alarms', () => {
  it('has a heading for each alarm of the template, which names it, and none for any other', () => {
    expect([...sections.keys()].toSorted()).toEqual([...new Set(alarms().map(headingOf))].toSorted());
  });

  it('says below each what it means, what to look at and what to do', () => {
    for (const [heading, text] of sections) {
      const paragraphs = text.trim().split('\n\n');
      expect(paragraphs.length, heading).toBeGreaterThan(1);
      expect(text, heading).toMatch(/\nLook at /);
    }
  });

  it('says "tells the end" of exactly the alarms that do', () => {
    const telling = alarms()
      .filter(({ OKActions = [] }) => OKActions.length > 0)
      .map(headingOf);
    const said = [...sections].filter(([, text]) => /Tells\s+the end\./.test(text)).map(([heading]) => heading);
    expect(said.toSorted()).toEqual([...new Set(telling)].toSorted());
  });
});

describe('the alarms of the template', () => {
  it.each([
    ['a heartbeat', () => inject('shopAssembly'), 'Missing heartbeat'],
    ['several signals', watched, 'Primary out'],
  ])('all tell the one topic, but that of %s, whose failover tells', (_, directory, starting) => {
    const [[topic] = [], ...more] = resources('AWS::SNS::Topic', directory());
    expect(more).toEqual([]);
    for (const alarm of alarms(directory())) {
      const expected = headingOf(alarm) === starting ? [] : [{ Ref: topic }];
      expect(alarm.AlarmActions ?? [], alarm.AlarmDescription).toEqual(expected);
      expect([[], expected], alarm.AlarmDescription).toContainEqual(alarm.OKActions ?? []);
    }
  });

  it('may tell it: a topic with a policy of its own lets nobody in by itself', () => {
    const [[, policy] = []] = resources('AWS::SNS::TopicPolicy', watched());
    const { Statement } = (policy as { PolicyDocument: { Statement: object[] } }).PolicyDocument;
    expect(Statement).toContainEqual(
      expect.objectContaining({
        Effect: 'Allow',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Action: 'sns:Publish',
        Resource: { Ref: expect.stringMatching(/^Notices/) },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
    );
  });

  it('watch metrics that are published', () => {
    const own = alarms().filter(({ Namespace }) => Namespace === 'Homeward');
    expect(own).toHaveLength(11);
    for (const { MetricName } of own) expect(Object.values(metrics)).toContain(MetricName);
  });
});

describe('docs/operating.md, metrics', () => {
  it('has a row for each metric, and for nothing else', () => {
    const rows = [...chapter('Metrics').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    expect(rows.toSorted()).toEqual(Object.values(metrics).toSorted());
  });
});
