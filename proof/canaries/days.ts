import type { Plan } from '../../lib/domain/plan.ts';
import { Life } from '../life.ts';
import { accept } from '../faults/moments.ts';
import { modeOf } from '../faults/sweep.ts';
import { frozenShop, shop, smallShop, sparingShop } from '../shop.ts';
import type { Day } from './canaries.ts';

/** The plan that is lived with on a day. */
export function planOf(day: Day): Plan {
  if (day === 'spared') return sparingShop;
  return day === 'frozen' ? frozenShop : shop;
}

/** Lives through a day and gives what the checkers found at its rests. A broken system may not come through; that is no finding. */
export async function live(day: Day, assembly: string): Promise<string[]> {
  const life = await Life.open({ plan: planOf(day), world: smallShop, seed: 3, assembly });
  const found: string[] = [];
  const look = async () => {
    await life.rest();
    found.push(...(await life.broken()));
  };
  try {
    await days[day](life, look);
  } catch (error) {
    found.push(`broke off: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    life.stage.close();
  }
  return [...new Set(found)];
}

type Look = () => Promise<void>;

/** Of the mode of that name, to its end. */
const mode = (name: string) => async (life: Life, look: Look) => {
  const { prepare, act, clear } = modeOf(name);
  await prepare(life);
  await act(life);
  await life.rest();
  clear?.(life);
  await look();
};

const days: Readonly<Record<Day, (life: Life, look: Look) => Promise<void>>> = {
  async 'there and back'(life, look) {
    await life.run('protect');
    life.write(4);
    await life.run('failover');
    await look();
    life.write(4);
    const { arn, history } = life.stage.start('failback');
    await life.stage.clock.run(() => history.some(({ state }) => state?.name === 'Finish Round'));
    life.write(2);
    await life.stage.clock.settle(life.stage.states.ended(arn));
    await look();
    life.write(4);
    await life.run('protect');
    await look();
  },
  'failover undone': mode('failover-undone'),
  'failback undone': mode('failback-undone'),
  drilled: mode('drill'),
  async preempted(life, look) {
    const { stage } = life;
    await life.run('protect');
    life.write(2);
    const { history } = stage.start('protect');
    await stage.clock.run(() => history.some(({ state }) => state?.name === 'Replicate'));
    await stage.run('failover');
    await look();
  },
  async 'many points'(life, look) {
    await life.run('protect');
    await look();
    for (let point = 0; point < shop.protection.retention.latest + 2; point += 1) {
      life.write(1);
      await life.run('protect');
    }
    await look();
  },
  async frozen(life, look) {
    // What must not be needed: the server's own clock would thaw it.
    life.stage.guests.setManners('db', { ownClock: 'fails' });
    await life.run('protect');
    await look();
  },
  async spared(life, look) {
    await life.run('protect');
    life.write(2);
    const { ec2 } = life.stage.cloud.services(shop.recovery.region);
    ec2.setCapacity(`${shop.recovery.region}a`, 'm7i.large', false);
    await life.run('failover');
    await look();
    life.write(2);
    await life.run('failback');
    await look();
  },
  async accepted(life, look) {
    await life.run('protect');
    await life.run('failover');
    await life.run('failback');
    await life.rest();
    await accept(life);
    await look();
    await life.run('protect');
    await accept(life);
    await look();
  },
  async guarded(life, look) {
    await life.run('protect');
    await life.run('failover');
    await life.rest();
    life.write(2);
    await life.run('protect');
    await look();
  },
  async pinned(life, look) {
    await life.run('protect');
    await life.run('failover');
    await life.rest();
    await life.run('failback');
    await life.rest();
    for (let point = 0; point < shop.protection.retention.latest + 1; point += 1) await life.run('protect');
    await look();
  },
};
