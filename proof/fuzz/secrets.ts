import { Stage } from '../../rehearsal/stage.ts';
import { shop, smallShop } from '../shop.ts';
import type { GroundOptions } from './ground.ts';
import { leaksIn, plantSecrets, said, secretInput } from './canary.ts';

/** What a whole life of a plan said, and which of it told a secret. */
export interface SecretsCount {
  readonly lines: number;
  /** Servers in the recovery Region that were launched with the secret user data: it did go where it belongs. */
  readonly carried: number;
  readonly leaks: readonly string[];
}

export interface SecretsOptions extends GroundOptions {
  /** Ends after the failover: a shorter look. */
  readonly isOneWay?: boolean;
}

const wrongInput = { plan: shop.name, note: secretInput };

/**
 * Protects the shop, fails it over and brings it home, with secrets in user data, tags and wrong inputs, and reads every log line,
 * notice, error, output and history for them.
 */
export async function findSecrets({
  assembly,
  seed,
  prepare,
  isOneWay = false,
}: SecretsOptions): Promise<SecretsCount> {
  const stage = await Stage.open({ plan: shop, world: smallShop, seed, assembly });
  try {
    plantSecrets(stage);
    prepare?.(stage);
    await stage.clock.run(() => stage.executions('protect').some(({ status }) => status === 'SUCCEEDED'));
    for (const kind of ['protect', 'failover', 'failback'] as const) await stage.run(kind, wrongInput);
    await stage.run('failover', { plan: shop.name, dryRun: true });
    await stage.run('failover');
    const { ec2 } = stage.cloud.services(shop.recovery.region);
    const launched = [...ec2.state.instances.values()];
    const carried = launched.filter(({ request }) => leaksIn(request.UserData ?? '').length > 0).length;
    if (!isOneWay) {
      await stage.run('failback', { plan: shop.name, estimateOnly: true });
      await stage.run('failback');
    }
    const everything = said(stage);
    return {
      lines: everything.length,
      carried,
      leaks: everything.flatMap(({ where, text }) => leaksIn(text).map((secret) => `${where}: ${secret}`)),
    };
  } finally {
    stage.close();
  }
}
