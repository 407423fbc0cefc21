import type { OperationKind } from '../../lib/domain/catalogue.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import { asking, frozenShop, isolatingShop, movingShop, richShop, roomyShop, shop } from '../shop.ts';
import type { Life } from '../life.ts';
import type { MachineKind } from '../../rehearsal/stage.ts';
import {
  accept,
  comeHome,
  failOver,
  failOverAndFill,
  failOverAndReplace,
  failOverAnswered,
  failOverInTheDark,
  fill,
  protect,
  protectAndFill,
} from './moments.ts';

const askingShop = asking(shop);
const home = shop.primary.region;
const away = shop.recovery.region;

/** One way in which a state machine of the template is used. */
export interface Mode {
  readonly name: string;
  /** Of the operation. A drill runs in the state machine of failovers. */
  readonly kind: OperationKind;
  /** Of the same name and places as the shop, which is taken unless given. */
  readonly plan?: Plan;
  /** Brings a new life to the moment before. */
  prepare(life: Life): Promise<void>;
  /** Lets it happen, to its end. */
  act(life: Life): Promise<void>;
  /** What must have become of the operation when every fault on the way was one that passes. */
  readonly outcome: 'succeeded' | 'rolled-back';
  /** Left out where the same operation, begun again, would not meet the same. */
  readonly isOnce?: true;
  /** It moves nothing: what is written is enough for it to meet the same once more. */
  readonly stays?: true;
  /** Brings a life whose operation has succeeded back to the moment before, where that is cheaper than a new life. */
  again?(life: Life): Promise<void>;
  /** Takes away what the mode itself put in the way. */
  clear?(life: Life): void;
}

const run =
  (kind: MachineKind, input: Readonly<Record<string, unknown>> = {}) =>
  async (life: Life) => {
    await life.run(kind, { plan: shop.name, ...input });
  };

export const modes: readonly Mode[] = [
  { name: 'protect', kind: 'protect', prepare: protect, act: run('protect'), outcome: 'succeeded', stays: true },
  {
    name: 'protect-with-commands',
    kind: 'protect',
    plan: frozenShop,
    async prepare(life) {
      // What must not be needed: the server's own clock would thaw it.
      life.stage.guests.setManners('db', { ownClock: 'fails' });
      await protect(life);
    },
    act: run('protect'),
    outcome: 'succeeded',
    stays: true,
  },
  {
    name: 'protect-by-delta',
    kind: 'protect',
    async prepare(life) {
      await failOver(life);
      await life.run('failback');
      await life.rest();
      life.write(1);
    },
    act: run('protect'),
    outcome: 'succeeded',
    stays: true,
  },
  {
    name: 'protect-while-away',
    kind: 'protect',
    prepare: failOver,
    act: run('protect'),
    outcome: 'succeeded',
    stays: true,
  },
  {
    name: 'protect-while-home-is-silent',
    kind: 'protect',
    async prepare(life) {
      await failOver(life);
      life.stage.cloud.faults.lose(home);
    },
    act: run('protect'),
    outcome: 'succeeded',
    clear: (life) => life.stage.cloud.faults.restore(home),
  },
  { name: 'failover', kind: 'failover', prepare: protect, act: run('failover'), outcome: 'succeeded' },
  {
    name: 'failover-in-the-dark',
    kind: 'failover',
    async prepare(life) {
      await protect(life);
      life.stage.cloud.faults.lose(home);
    },
    act: run('failover'),
    outcome: 'succeeded',
    isOnce: true,
    clear: (life) => life.stage.cloud.faults.restore(home),
  },
  {
    name: 'failover-by-alarm',
    kind: 'failover',
    async prepare(life) {
      await protect(life);
      await life.stage.clock.advance(300_000);
      life.stage.cloud.faults.lose(home);
    },
    async act({ stage }) {
      const isOver = () => stage.executions('failover').some(({ status }) => status !== 'RUNNING');
      await stage.clock.run(isOver);
    },
    outcome: 'succeeded',
    isOnce: true,
    clear: (life) => life.stage.cloud.faults.restore(home),
  },
  {
    name: 'failover-undone',
    kind: 'failover',
    prepare: protectAndFill,
    act: run('failover'),
    outcome: 'rolled-back',
    clear: (life) => fill(life, away, true),
  },
  {
    name: 'failover-to-another-zone',
    kind: 'failover',
    plan: roomyShop,
    prepare: protectAndFill,
    act: run('failover'),
    outcome: 'succeeded',
    clear: (life) => fill(life, away, true),
  },
  {
    name: 'failover-isolating',
    kind: 'failover',
    plan: isolatingShop,
    prepare: protect,
    act: run('failover'),
    outcome: 'succeeded',
  },
  {
    name: 'failover-isolating-undone',
    kind: 'failover',
    plan: isolatingShop,
    prepare: protectAndFill,
    act: run('failover'),
    outcome: 'rolled-back',
    clear: (life) => fill(life, away, true),
  },
  {
    name: 'failover-planned',
    kind: 'failover',
    prepare: protect,
    act: run('failover', { planned: true }),
    outcome: 'succeeded',
  },
  {
    name: 'failover-with-questions',
    kind: 'failover',
    plan: askingShop,
    async prepare(life) {
      await protect(life);
      life.stage.cloud.faults.lose(home);
    },
    act: (life) => life.runAnswered('failover'),
    outcome: 'succeeded',
    isOnce: true,
    clear: (life) => life.stage.cloud.faults.restore(home),
  },
  {
    name: 'drill',
    kind: 'drill',
    prepare: protect,
    act: run('failover', { drill: true }),
    outcome: 'succeeded',
    stays: true,
  },
  {
    name: 'failover-dry-run',
    kind: 'failover',
    prepare: protect,
    act: run('failover', { dryRun: true }),
    outcome: 'succeeded',
    stays: true,
  },
  {
    name: 'failback',
    kind: 'failback',
    prepare: failOver,
    act: run('failback'),
    outcome: 'succeeded',
    again: failOver,
  },
  {
    name: 'failback-by-comparison',
    kind: 'failback',
    prepare: failOverAndReplace,
    act: run('failback'),
    outcome: 'succeeded',
    isOnce: true,
  },
  {
    name: 'failback-of-a-returned-primary',
    kind: 'failback',
    prepare: failOverInTheDark,
    act: run('failback'),
    outcome: 'succeeded',
    isOnce: true,
  },
  {
    name: 'failback-of-an-isolated-primary',
    kind: 'failback',
    plan: isolatingShop,
    prepare: failOver,
    act: run('failback'),
    outcome: 'succeeded',
    again: failOver,
  },
  {
    name: 'failback-undone',
    kind: 'failback',
    prepare: failOverAndFill,
    act: run('failback'),
    outcome: 'rolled-back',
    clear: (life) => fill(life, home, true),
  },
  {
    name: 'failback-to-new-servers',
    kind: 'failback',
    plan: movingShop,
    prepare: failOver,
    act: run('failback', { newServers: ['db', 'web'] }),
    outcome: 'succeeded',
    again: failOver,
  },
  {
    name: 'failback-with-questions',
    kind: 'failback',
    plan: askingShop,
    prepare: failOverAnswered,
    act: (life) => life.runAnswered('failback'),
    outcome: 'succeeded',
    isOnce: true,
  },
  {
    name: 'failback-of-the-fence',
    kind: 'failback',
    prepare: failOverInTheDark,
    act: run('failback', { fenceOnly: true }),
    outcome: 'succeeded',
    isOnce: true,
  },
  {
    name: 'failover-of-a-rich-plan',
    kind: 'failover',
    plan: richShop,
    prepare: protect,
    act: run('failover'),
    outcome: 'succeeded',
  },
  {
    name: 'failback-of-a-rich-plan',
    kind: 'failback',
    plan: richShop,
    prepare: failOver,
    act: run('failback'),
    outcome: 'succeeded',
    again: failOver,
  },
  {
    name: 'drill-of-a-rich-plan',
    kind: 'drill',
    plan: richShop,
    prepare: protect,
    act: run('failover', { drill: true }),
    outcome: 'succeeded',
  },
  {
    name: 'drill-of-the-way-home',
    kind: 'drill',
    prepare: failOver,
    act: run('failover', { drill: true }),
    outcome: 'succeeded',
    stays: true,
  },
  {
    name: 'failback-estimate',
    kind: 'failback',
    prepare: failOver,
    act: run('failback', { estimateOnly: true }),
    outcome: 'succeeded',
    stays: true,
  },
  {
    name: 'accept',
    kind: 'accept',
    prepare: comeHome,
    act: accept,
    outcome: 'succeeded',
    isOnce: true,
  },
];
