import { describe, expect, it } from 'vitest';
import { ladderFindings, ofType, rungLine, rungsOf } from '../../lib/domain/launch-ladder.ts';
import type { LaunchConfiguration, LaunchSettings } from '../../lib/domain/launch-configuration.ts';

const place = (deviceIndex: number, subnet: string) => ({
  deviceIndex,
  subnet,
  securityGroups: ['sg-1'],
  description: '',
  isSourceDestChecked: true,
});
const lines = (...of: Parameters<typeof rungsOf>) => rungsOf(...of).map(rungLine);

describe('the ways to launch a server', () => {
  const fallback = { subnets: { a: ['b', 'c'] }, instanceTypes: { 'm7g.large': ['m7g.xlarge'] } };

  it('are its own type in all places, then each other type in all places', () => {
    expect(lines('m7g.large', [place(0, 'a')], { fallback })).toEqual([
      'm7g.large in a',
      'm7g.large in b',
      'm7g.large in c',
      'm7g.xlarge in a',
      'm7g.xlarge in b',
      'm7g.xlarge in c',
    ]);
  });

  it('are one where the plan names no other', () => {
    expect(lines('t3.medium', [place(0, 'z')], { fallback })).toEqual(['t3.medium in z']);
    expect(lines('m7g.large', [place(0, 'a')], {})).toEqual(['m7g.large in a']);
  });

  it('move all interfaces of a server at once, as far as each has another place', () => {
    const subnets = { a: ['b', 'c'], x: ['y'] };
    const moved = { fallback: { subnets, instanceTypes: {} } };
    expect(lines('m7g.large', [place(0, 'a'), place(1, 'x')], moved)).toEqual([
      'm7g.large in a, x',
      'm7g.large in b, y',
    ]);
    expect(lines('m7g.large', [place(0, 'a'), place(1, 'z')], moved)).toEqual(['m7g.large in a, z']);
  });
});

describe('a server of another type', () => {
  const settings = { cpu: { coreCount: 2 }, cpuCredits: 'unlimited', bandwidthWeighting: null, isMonitored: true };
  const captured = { instanceType: 't3.medium', settings: settings as LaunchSettings } as LaunchConfiguration;

  it('keeps what any type knows, and says what was its own type’s alone', () => {
    const { configuration, left } = ofType(captured, 't3a.medium');
    expect(configuration).toMatchObject({
      instanceType: 't3a.medium',
      settings: { cpu: null, cpuCredits: null, isMonitored: true },
    });
    expect(left).toEqual(['CPU options', 'CPU credits']);
    expect(ofType(captured, 't3.medium')).toEqual({ configuration: captured, left: [] });
  });
});

describe('what the preflight says of the ways', () => {
  const fallback = { subnets: { a: ['b'] }, instanceTypes: {} };
  const ladders = new Map([['web', rungsOf('m7g.large', [place(0, 'a')], { fallback })]]);
  const zones = new Map([
    ['a', 'east-1a'],
    ['b', 'east-1b'],
  ]);

  it('blocks where none leads anywhere, and warns where some do not', () => {
    const offered = (...of: string[]) => new Map([['m7g.large', new Set(of)]]);
    expect(ladderFindings(ladders, zones, offered('east-1a', 'east-1b'))).toEqual({ blocking: [], warnings: [] });
    expect(ladderFindings(ladders, zones, offered('east-1b'))).toEqual({
      blocking: [],
      warnings: ['server web cannot fall back so: m7g.large is not offered in east-1a'],
    });
    expect(ladderFindings(ladders, zones, offered()).blocking).toEqual([
      'server web can be launched nowhere: m7g.large is not offered in east-1a, m7g.large is not offered in east-1b',
    ]);
    expect(ladderFindings(ladders, new Map([['a', 'east-1a']]), offered('east-1a')).warnings).toEqual([
      'server web cannot fall back so: b does not exist',
    ]);
  });
});
