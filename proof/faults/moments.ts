import { readOperations } from '../checkers/table.ts';
import type { Life } from '../life.ts';
import { takePlace } from '../replace-volume.ts';
import { shop } from '../shop.ts';

const [home, away] = [shop.primary.region, shop.recovery.region];

/** A servers' Region that can run nothing more of the type of the web server, which comes last. */
export function fill(life: Life, region: string, isAvailable: boolean): void {
  life.stage.cloud.services(region).ec2.setCapacity(`${region}a`, 't3.medium', isAvailable);
}

export async function protect(life: Life): Promise<void> {
  await life.run('protect');
  life.write(1);
}

export async function failOver(life: Life): Promise<void> {
  await protect(life);
  await life.run('failover');
  await life.rest();
  life.write(2);
}

/** And there is no room any more where the servers come from. */
export async function failOverAndFill(life: Life): Promise<void> {
  await failOver(life);
  fill(life, home, false);
}

/** With somebody who answers. */
export async function failOverAnswered(life: Life): Promise<void> {
  await protect(life);
  await life.runAnswered('failover');
  await life.rest();
  life.write(2);
}

/** And there is no room any more where the servers would be launched. */
export async function protectAndFill(life: Life): Promise<void> {
  await protect(life);
  fill(life, away, false);
}

/** Volumes of recovery servers become others to AWS, without a block of them changing; onto one, which is smaller now, nothing at home can be brought up. */
export async function failOverAndReplace(life: Life): Promise<void> {
  await failOver(life);
  await takePlace(life.stage, { region: away, server: 'db', device: '/dev/sdf' });
  await takePlace(life.stage, { region: away, server: 'files', device: '/dev/sdf' }, { sizeGib: 7 });
}

export async function failOverInTheDark(life: Life): Promise<void> {
  await protect(life);
  life.stage.cloud.faults.lose(home);
  await life.run('failover');
  life.stage.cloud.faults.restore(home);
  await life.rest();
  life.write(2);
}

/** The primary held what no recovery point had; the plan is protected again since. */
export async function comeHome(life: Life): Promise<void> {
  await failOverInTheDark(life);
  await life.run('failback');
  await life.rest();
  await protect(life);
}

/** By somebody who has read the report. */
export async function accept({ stage }: Life): Promise<void> {
  const operations = await stage.clock.settle(readOperations(stage));
  const reports = operations.flatMap(({ committedAt, unreplicated }) =>
    committedAt === null ? [] : Object.values(unreplicated ?? {}),
  );
  const unreplicatedBlocks = reports.reduce((sum, { blocks }) => sum + blocks, 0);
  await stage.runUnskipped('failback', { plan: shop.name, accept: true, unreplicatedBlocks });
}
