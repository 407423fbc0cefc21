import { readFileSync } from 'node:fs';
import type { Consistency, OutsideProbe, Plan, PlanServer } from '../lib/domain/plan.ts';
import { readPlanFile } from '../lib/plan-file/read.ts';
import type { World, WorldServer } from '../rehearsal/world.ts';

/** The example plan. */
export const shop: Plan = (() => {
  const file = 'examples/shop.yaml';
  const reading = readPlanFile(file, readFileSync(file, 'utf8'));
  const plan = reading.kind === 'read' ? reading.value[0] : undefined;
  if (plan === undefined) throw new Error('the example plan must be right');
  return plan;
})();

/** The shop, with more said of some of its servers. */
function withServers(plan: Plan, more: Readonly<Record<string, Partial<PlanServer>>>): Plan {
  const servers = Object.entries(plan.servers).map(([name, server]) => [name, { ...server, ...more[name] }]);
  return { ...plan, servers: Object.fromEntries(servers) };
}

const frozen: Consistency = {
  freeze: ['fsfreeze --freeze /data'],
  thaw: ['fsfreeze --unfreeze /data'],
  withinSeconds: 60,
  onFailure: 'crash-consistent',
};

/** The same, with a database that is frozen while its snapshots are begun. */
export const frozenShop: Plan = withServers(shop, { db: { consistency: frozen } });

const sparing = {
  files: { optional: true, elasticIp: 'eipalloc-0f100000000000002', health: { withinSeconds: 300, tcp: 2049 } },
};

/** The same, with a file store that it can do without, for which an address is prepared. */
export const sparingShop: Plan = withServers(shop, sparing);

const probing = {
  db: {
    health: {
      ...shop.servers['db']?.health,
      withinSeconds: 600,
      commands: ['pg_isready --quiet', 'test -e /data/ready'],
    },
  },
  web: { health: { withinSeconds: 600, http: { port: 80, path: '/health', status: 200, text: 'ok' } } },
};

/** The same, with a database and a web server that are asked by more than whether they answer. */
export const probingShop: Plan = withServers(shop, probing);

/** The failover of the shop, by its heartbeat, a probe of its page, and others: two of all must say that it is out. */
function watching(others: Readonly<Record<string, OutsideProbe>>): Plan['failover'] {
  const http = { port: 80, path: '/health', status: 200, text: 'ok' };
  const probes = { shop: { address: 'shop.example.com', http }, ...others };
  const automatic = { ...shop.failover.automatic, probes, atLeast: 2, missingForSeconds: 180 };
  return { ...shop.failover, automatic };
}

/** The same, which two probes ask from outside besides its heartbeat: two of the three must say that it is out. */
export const watchedShop: Plan = {
  ...shop,
  failover: watching({ files: { address: 'files.shop.example.com', tcp: 2049 } }),
};

/** The same, whose servers at home are cut off instead of stopped. */
export const isolatingShop: Plan = {
  ...shop,
  failover: { ...shop.failover, fence: 'isolate', isolationGroups: ['sg-0150000000000000a'] },
};

/** The same, whose primary nobody fences. */
export const unfencedShop: Plan = { ...shop, failover: { ...shop.failover, fence: 'none' } };

const [mapped = ''] = Object.values(shop.recovery.subnets);
const [stands = ''] = Object.keys(shop.recovery.subnets);

/** Where servers of the shop come home as new ones: in another zone. */
export const newPlace = 'subnet-0a20000000000000a';

/** The same, whose servers may come home as new ones. */
export const movingShop: Plan = (() => {
  const { recovery, drill, failback } = shop;
  const withPlace = (subnets: Readonly<Record<string, string>>) => ({ ...subnets, [newPlace]: subnets[stands] ?? '' });
  const { drill: homeDrill } = failback;
  return {
    ...shop,
    recovery: { ...recovery, subnets: withPlace(recovery.subnets) },
    ...(drill === undefined ? {} : { drill: { ...drill, subnets: withPlace(drill.subnets) } }),
    failback: {
      ...failback,
      ...(homeDrill === undefined ? {} : { drill: { ...homeDrill, subnets: withPlace(homeDrill.subnets) } }),
      newServers: { subnets: { [stands]: newPlace }, securityGroups: {} },
    },
  };
})();

/** The same, with another zone and another type for where there is no room. */
export const roomyShop: Plan = {
  ...shop,
  recovery: {
    ...shop.recovery,
    fallback: {
      subnets: { [mapped]: ['subnet-0b20000000000000b'] },
      instanceTypes: { 't3.medium': ['t3.large'] },
    },
  },
};

/** A plan that asks people wherever it can. */
export function asking(plan: Plan): Plan {
  return {
    ...plan,
    failover: {
      ...plan.failover,
      whenFenceIsOwed: 'ask',
      questions: {
        owedFence: { withinSeconds: 600, otherwise: 'undo' },
        unhealthy: { withinSeconds: 1_200, otherwise: 'undo' },
        traffic: { withinSeconds: 1_800, otherwise: 'proceed' },
      },
    },
    failback: {
      ...plan.failback,
      questions: {
        lostLineage: { withinSeconds: 3_600, otherwise: 'undo' },
        primaryIsSafe: { withinSeconds: 3_600, otherwise: 'undo' },
        unhealthy: { withinSeconds: 1_200, otherwise: 'undo' },
        cutOver: { withinSeconds: 3_600, otherwise: 'proceed' },
      },
    },
  };
}

/** A routing control of a panel, each by its number. */
export function controlOf(panel: number, control: number): string {
  const id = (number: number, digits: number) => String(number).padStart(digits, '0');
  return `arn:aws:route53-recovery-control::123456789012:controlpanel/${id(panel, 32)}/routingcontrol/${id(control, 16)}`;
}

/** Those of a cluster, one of which is in the primary Region of the shop. */
export const clusterEndpoints = Object.fromEntries(
  ['ap-northeast-1', 'ap-southeast-2', 'eu-west-1', 'us-east-1', 'us-west-2'].map((region, index) => [
    region,
    `https://0a0a0a0${index}.route53-recovery-cluster.${region}.amazonaws.com/v1`,
  ]),
);

/** A pair of controls, of which one is on. */
export const turned = {
  routingControls: { primary: controlOf(1, 1), recovery: controlOf(1, 2) },
  endpoints: clusterEndpoints,
};

/**
 * The shop with all that a plan can have at once: commands, a server it can do without, other places, probes, and every kind of record.
 */
export const richShop: Plan = (() => {
  const zone = 'Z0SHOPEXAMPLE';
  const of = (label: string) => ({ zone, name: `${label}.shop.example.com`, type: 'A' }) as const;
  const balancer = (of: string, region: string) => ({
    zone: `Z0BALANCER${of}`,
    name: `shop.elb.${region}.example.com`,
  });
  return {
    ...withServers(roomyShop, {
      ...probing,
      ...sparing,
      db: { ...probing.db, consistency: frozen, capacity: 'cr-0db00000000000001' },
    }),
    recovery: { ...roomyShop.recovery, hydration: { mibPerSecond: 100 } },
    traffic: [
      ...shop.traffic,
      { ...of('orders'), ttlSeconds: 60, server: 'db', address: 'public' },
      { ...of('mail'), ttlSeconds: 60, values: { primary: ['192.0.2.10'], recovery: ['198.51.100.10'] } },
      {
        ...of('pictures'),
        alias: { primary: balancer('HOME', shop.primary.region), recovery: balancer('AWAY', shop.recovery.region) },
      },
      { ...of('search'), weighted: { primary: 'home', recovery: 'away' } },
      { ...of('pay'), failover: { primary: 'home', recovery: 'away' } },
      turned,
    ],
    failover: watching({ orders: { address: 'orders.shop.example.com', tcp: 5432 } }),
  };
})();

function serverOf(instanceType: string, isEncrypted: boolean): WorldServer {
  const volume = { sizeGib: 8, writtenBlocks: 6, volumeType: 'gp3' };
  return {
    instanceType,
    volumes: { '/dev/xvda': { ...volume, isEncrypted: false }, '/dev/sdf': { ...volume, isEncrypted } },
  };
}

/** The shop's servers with a few blocks in each volume, and no story. */
export const smallShop: World = {
  servers: { db: serverOf('m7g.large', false), files: serverOf('m7i.large', true), web: serverOf('t3.medium', false) },
  events: [],
};
