import type { AutomaticFailover, Plan } from '../../lib/domain/plan.ts';
import { shop, smallShop } from '../../proof/shop.ts';
import { synthesize } from '../../rehearsal/deploy.ts';
import { Stage } from '../../rehearsal/stage.ts';

/** What became of very many copies of one alarm's event. */
export interface AlarmNumbers {
  readonly events: number;
  /** Executions that launched servers. */
  readonly failovers: number;
  /** The same where a person had stopped the execution in its cancel window. */
  readonly failoversCalledOff: number;
}

const cancelWindowSeconds = 600;
/** Copies go on arriving for so long. */
const lateMs = 3 * 3_600_000;

/** The alarm's event and the one of before, when it was still well, delivered over and over, in any order, from the first moment until hours later. */
export async function countStarts(events: number): Promise<AlarmNumbers> {
  const automatic: AutomaticFailover = { ...(shop.failover.automatic as AutomaticFailover), cancelWindowSeconds };
  const plan: Plan = { ...shop, failover: { ...shop.failover, automatic } };
  const assembly = await synthesize([plan]);
  try {
    const failovers = await startsOf(plan, assembly.directory, { events, isCalledOff: false });
    const failoversCalledOff = await startsOf(plan, assembly.directory, { events, isCalledOff: true });
    return { events, failovers, failoversCalledOff };
  } finally {
    assembly.remove();
  }
}

async function startsOf(
  plan: Plan,
  assembly: string,
  { events, isCalledOff }: { readonly events: number; readonly isCalledOff: boolean },
): Promise<number> {
  const stage = await Stage.open({ plan, world: smallShop, seed: 1, assembly });
  try {
    const { clock, cloud } = stage;
    const { lambda } = cloud.services(plan.recovery.region);
    await stage.runUnskipped('protect');
    await clock.advance(180_000);
    cloud.faults.lose(plan.primary.region);
    await clock.run(() => stage.executions('failover').length > 0);
    const arrived = lambda.invocations.filter(({ functionName }) => functionName.includes('FailoverGuard'));
    const random = cloud.random.fork('events');
    for (let copy = arrived.length; copy < events; copy += 1) {
      const event = arrived[random.below(arrived.length)];
      if (event !== undefined)
        clock.after(random.below(lateMs), () => void lambda.invoke(event.functionName, event.payload, { async: true }));
    }
    const [first] = stage.executions('failover');
    if (isCalledOff && first !== undefined) await clock.settle(stage.stop(first));
    await clock.advance(lateMs + 3_600_000);
    const launched = stage
      .executions('failover')
      .filter(({ history }) => history.some(({ state }) => state?.name === 'Waves'));
    return launched.length;
  } finally {
    stage.close();
  }
}
