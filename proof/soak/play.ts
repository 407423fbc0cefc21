import type { Plan } from '../../lib/domain/plan.ts';
import { readState } from '../checkers/table.ts';
import { Life } from '../life.ts';
import { type Happening, instanceTypes, type Story } from './story.ts';

export interface Played {
  readonly broken: readonly string[];
  readonly virtualSeconds: number;
  readonly calls: number;
}

/** How often an operator tries to bring production home once nothing goes wrong any more. */
const triesMax = 3;

/**
 * Plays a story: first everything that happens, with the checkers watching; then nothing goes wrong any more, and everything must
 * come to rest, go home, and be protected again.
 */
export async function play(plan: Plan, story: Story, options: { seed: number; assembly: string }): Promise<Played> {
  const life = await Life.open({ plan, world: story.world, ...options });
  const { stage } = life;
  const begun = stage.clock.now();
  const broken: string[] = [];
  try {
    for (const happening of story.happenings)
      stage.clock.after(happening.atSeconds * 1_000, () => happen(life, happening));
    const lastSeconds = Math.max(0, ...story.happenings.map(({ atSeconds }) => atSeconds));
    await stage.clock.advance(lastSeconds * 1_000 + 1_000);
    calm(life);
    await life.rest();
    broken.push(...(await life.broken()));
    if (broken.length === 0) broken.push(...(await comeHome(life)));
  } catch (error) {
    broken.push(`the run broke off: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    stage.close();
  }
  const { calls } = stage.cloud.record;
  const virtualSeconds = ((calls.at(-1)?.at ?? begun) - begun) / 1_000;
  return { broken: [...new Set(broken)], virtualSeconds, calls: calls.length };
}

function happen(life: Life, happening: Happening): void {
  const { cloud, plan, workload, states } = life.stage;
  switch (happening.kind) {
    case 'write':
    case 'discard':
    case 'grow':
      workload.act(happening);
      break;
    case 'outage':
      cloud.faults.lose(plan[happening.site].region);
      break;
    case 'return':
      cloud.faults.restore(plan[happening.site].region);
      break;
    case 'start':
      life.stage.start(happening.operation, { plan: plan.name, ...happening.input });
      break;
    case 'stop': {
      const running = states.executions.findLast(({ status }) => status === 'RUNNING');
      // A button that is pressed while its Region is out does nothing.
      if (running !== undefined) void life.stage.stop(running).catch(() => undefined);
      break;
    }
    case 'redrive': {
      const ended = states.executions.findLast(({ status }) => status === 'ABORTED' || status === 'FAILED');
      if (ended !== undefined) void life.stage.redrive(ended).catch(() => undefined);
      break;
    }
    case 'fault':
      cloud.faults.add(happening.rule);
      break;
    case 'keys':
    case 'capacity':
      trouble(life, happening.kind, happening.site, happening.isUsable);
      break;
    case 'manners':
      life.stage.guests.setManners(happening.server, happening.manners);
      break;
    case 'mute':
      cloud.faults.add({ kind: 'server-error', operation: 'PutMetricData', times: happening.minutes });
      break;
  }
}

function trouble({ stage }: Life, kind: 'keys' | 'capacity', site: 'primary' | 'recovery', isUsable: boolean): void {
  const { region } = stage.plan[site];
  const { ec2 } = stage.cloud.services(region);
  if (kind === 'keys') for (const arn of ec2.state.keys.arns) ec2.state.keys.enable(arn, isUsable);
  else for (const type of instanceTypes) ec2.setCapacity(`${region}a`, type, isUsable);
}

function calm(life: Life): void {
  life.stage.cloud.faults.clear();
  for (const server of Object.keys(life.stage.plan.servers)) life.stage.guests.setManners(server, {});
  for (const site of ['primary', 'recovery'] as const) {
    trouble(life, 'keys', site, true);
    trouble(life, 'capacity', site, true);
  }
}

async function comeHome(life: Life): Promise<string[]> {
  for (let turn = 0; turn < triesMax; turn += 1) {
    const state = await life.stage.clock.settle(readState(life.stage));
    if (state?.activeSite !== 'recovery') break;
    await life.runAnswered('failback');
    await life.rest();
  }
  const state = await life.stage.clock.settle(readState(life.stage));
  const broken =
    state?.activeSite === 'recovery' ? ['production does not come home though nothing is wrong any more'] : [];
  const { status, cause } = await life.run('protect');
  await life.rest();
  if (status !== 'SUCCEEDED') broken.push(`protect ended ${status} though nothing is wrong any more: ${cause ?? ''}`);
  return [...broken, ...(await life.broken())];
}
