import { describe, expect, it } from 'vitest';
import { measuredPhases, predictRto } from '../../lib/domain/phase-times.ts';
import { shop } from '../../proof/shop.ts';

const startedAt = '2026-01-05T10:00:00.000Z';
const at = (seconds: number) => new Date(Date.parse(startedAt) + 1_000 * seconds).toISOString();
const progressed = [
  { at: at(5), progression: 'preflight' },
  { at: at(15), progression: 'fencing' },
  { at: at(75), progression: 'launching wave 1' },
  { at: at(135), progression: 'wave 1' },
  { at: at(235), progression: 'waiting for an answer: wave-1' },
  { at: at(2_235), progression: 'wave 1' },
  { at: at(2_245), progression: 'switching traffic' },
];
const failover = { plan: 'shop', id: 'failover-1', startedAt, progressed };
const time = (phase: string, seconds: number) => ({ plan: 'shop', phase, seconds, operation: 'failover-1' });

describe('the times of phases', () => {
  it('are those of a failover without what people took to answer', () => {
    expect(measuredPhases(failover, at(2_300))).toEqual([
      time('preflight', 15),
      time('fence', 60),
      time('launch of wave 1', 60),
      time('health of wave 1', 110),
      time('traffic', 55),
    ]);
  });

  it('are of a planned one without the order in which it stopped servers and took its point', () => {
    const planned = [
      ...progressed.slice(0, 2),
      { at: at(20), progression: 'taking the last point' },
      ...progressed.slice(2),
    ];
    const phases = measuredPhases({ ...failover, isPlanned: true, progressed: planned }, at(2_300));
    expect(phases.map(({ phase }) => phase)).not.toContain('fence');
    expect(phases[0]).toEqual(time('preflight', 15));
  });
});

describe('the prediction', () => {
  const { db, files, web } = shop.servers;
  if (db === undefined || files === undefined || web === undefined) throw new Error('the shop has three servers');
  const within = (server: typeof db, wave: number, withinSeconds: number) => ({
    ...server,
    wave,
    health: { ...server.health, withinSeconds },
  });
  const plan = { ...shop, servers: { db: within(db, 1, 300), web: within(web, 2, 400), files: within(files, 2, 200) } };

  it('takes each phase as it was measured last, and assumes the others', () => {
    const { rtoSeconds, rtoPhases } = predictRto(plan, measuredPhases(failover, at(2_300)));
    expect(rtoPhases).toEqual([
      { phase: 'preflight', seconds: 15, measuredBy: 'failover-1' },
      { phase: 'fence', seconds: 60, measuredBy: 'failover-1' },
      { phase: 'launch of wave 1', seconds: 60, measuredBy: 'failover-1' },
      { phase: 'health of wave 1', seconds: 110, measuredBy: 'failover-1' },
      { phase: 'launch of wave 2', seconds: 60, measuredBy: null },
      { phase: 'health of wave 2', seconds: 400, measuredBy: null },
      { phase: 'traffic', seconds: 55, measuredBy: 'failover-1' },
    ]);
    expect(rtoSeconds).toBe(15 + 60 + 60 + 110 + 60 + 400 + 55);
  });

  it('assumes of a wave that has grown, and of traffic that moves by failover pairs since, what was measured before neither', () => {
    const servers = Object.fromEntries(
      Array.from({ length: 105 }, (_, index) => [`web-${index}`, within(web, 1, 300)]),
    );
    const failover = { primary: 'home', recovery: 'away' };
    const pair = { zone: 'Z0123456789ABCDEFGHIJ', name: 'shop.example.com', type: 'A', failover } as const;
    const grown = { ...plan, servers, traffic: [...plan.traffic, pair] };
    const secondsOf = (more: number) => {
      const measured = [time('health of wave 1', 9), time('launch of wave 1', 49 + more), time('traffic', 119 + more)];
      return predictRto(grown, measured).rtoPhases.slice(2);
    };
    // Five at once, then two a second: the last of 105 is asked for after 50 seconds.
    expect(secondsOf(0)).toEqual([
      { phase: 'launch of wave 1', seconds: 60 + 50, measuredBy: null },
      { phase: 'health of wave 1', seconds: 9, measuredBy: 'failover-1' },
      { phase: 'traffic', seconds: 60 + 120, measuredBy: null },
    ]);
    expect(secondsOf(1).map(({ seconds }) => seconds)).toEqual([50, 9, 120]);
  });

  it('is none while no wave of the plan was seen healthy, and asks no traffic of a plan without records', () => {
    const { rtoSeconds, rtoPhases } = predictRto({ ...plan, traffic: [] }, [time('health of wave 7', 10)]);
    expect(rtoSeconds).toBeNull();
    expect(rtoPhases.map(({ phase }) => phase)).not.toContain('traffic');
  });
});
