import type { Plan } from '../lib/domain/plan.ts';
import { synthesize } from './deploy.ts';
import { findLeftovers, inventory } from './leftovers.ts';
import type { Report } from './report.ts';
import { Stage } from './stage.ts';
import { type Audience, Story } from './story.ts';
import type { World } from './world.ts';

export interface Rehearsal {
  readonly plan: Plan;
  readonly world: World;
  readonly seed: number;
  /** Directory of the plan's cloud assembly; synthesized unless given. */
  readonly assembly?: string;
}

/**
 * Plays a disaster and the way home on a simulated cloud: the real template, state machines and functions on real blocks.
 * The same seed gives the same report, but for `wallSeconds`.
 * @throws Error when the story does not come to rest, or Homeward asked for something the simulated cloud does not model
 */
export async function rehearse(rehearsal: Rehearsal, audience: Audience): Promise<Report> {
  if (rehearsal.assembly !== undefined) return play(rehearsal, rehearsal.assembly, audience);
  const assembly = await synthesize([rehearsal.plan]);
  try {
    return await play(rehearsal, assembly.directory, audience);
  } finally {
    assembly.remove();
  }
}

async function play({ plan, world, seed }: Rehearsal, assembly: string, audience: Audience): Promise<Report> {
  const begun = performance.now();
  const stage = await Stage.open({ plan, world, seed, assembly });
  try {
    const startedAt = stage.clock.now();
    const before = new Set(inventory(stage));
    const story = new Story(stage, world, audience);
    await story.play();
    if (stage.cloud.notModelled.length > 0) throw new Error(stage.cloud.notModelled[0]);
    return {
      seed,
      points: [...story.points.values()],
      operations: story.operations,
      failover: story.failover,
      failback: story.failback,
      interruptions: story.interruptions,
      leftovers: await stage.clock.settle(findLeftovers(stage, before)),
      virtualSeconds: (stage.clock.now() - startedAt) / 1_000,
      wallSeconds: Math.round(performance.now() - begun) / 1_000,
    };
  } finally {
    stage.close();
  }
}
