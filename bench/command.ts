import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { countStarts } from './failover/alarms.ts';
import { type FailoverNumbers, failOver } from './failover/run.ts';
import { type Day, protectFleet } from './protection/day.ts';
import { monthOf } from './protection/month.ts';
import { countReads } from './protection/points.ts';
import { transferNumbers } from './transfer/run.ts';

const help = `Measures Homeward on the simulated cloud, at AWS's default quotas.

  npm run bench -- protection                      a fleet of 300 servers under protection for a day, what it uses and costs
  npm run bench -- protection --servers 30 --hours 4 --every 20 --points 1000
  npm run bench -- failover                        1, 10, 100 and 300 servers in four waves, beside the bound that quotas and boots set
  npm run bench -- failover --servers 30
  npm run bench -- transfer                        what carrying a block costs beside a plain SDK loop and raw sockets, and how it keeps to AWS's pace
  npm run bench -- transfer --blocks 200 --turns 1
  npm run bench -- protection --json FILE          the numbers as JSON
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    servers: { type: 'string' },
    hours: { type: 'string', default: '24' },
    every: { type: 'string', default: '30' },
    points: { type: 'string', default: '100000' },
    blocks: { type: 'string', default: '1000' },
    turns: { type: 'string', default: '3' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** Sizes beside which the fleet's use and cost are shown. */
const smallerFleets = [10, 100];

/** Hours of use for those: one to come to rest, and one that is measured. */
const smallerHours = 2;

/** The quick parts first; what has been measured is kept hour by hour, for a day takes an hour or two. */
async function protection(keep: (numbers: object) => void): Promise<void> {
  const everyMinutes = Number(values.every);
  const reads = await countReads(Number(values.points));
  keep({ reads });
  const smaller: Day[] = [];
  for (const servers of smallerFleets)
    for await (const day of protectFleet({ servers, everyMinutes, hours: smallerHours })) {
      if (day.hours === smallerHours) smaller.push(day);
      keep({ reads, use: smaller.map(useOf) });
    }
  for await (const day of protectFleet({
    servers: Number(values.servers ?? 300),
    everyMinutes,
    hours: Number(values.hours),
  }))
    keep({ reads, use: [...smaller, day].map(useOf), day });
}

function useOf({ servers, use, everyMinutes }: Day) {
  return {
    servers,
    callsPerServerAndPoint: sum(use.calls) / servers / use.points,
    stateTransitionsPerServerAndPoint: use.stateTransitions / servers / use.points,
    month: monthOf(servers, use, everyMinutes),
  };
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

const failoverFleets = [1, 10, 100, 300];
const failoverWaves = 4;
const alarmEvents = 1_000;

async function failover(keep: (numbers: object) => void): Promise<void> {
  const fleets = values.servers === undefined ? failoverFleets : [Number(values.servers)];
  const alarms = await countStarts(alarmEvents);
  const numbers: FailoverNumbers[] = [];
  for (const servers of fleets) {
    numbers.push(await failOver(servers, failoverWaves));
    keep({ alarms, failovers: numbers });
  }
}

async function transfer(keep: (numbers: object) => void): Promise<void> {
  for await (const numbers of transferNumbers(Number(values.blocks), Number(values.turns))) keep(numbers);
}

const benches: Readonly<Record<string, typeof protection>> = { protection, failover, transfer };
const bench = benches[positionals[0] ?? ''];
if (values.help || bench === undefined) {
  console.log(help);
  process.exitCode = values.help ? 0 : 1;
} else {
  await bench((numbers) => {
    const text = JSON.stringify(numbers, null, 2);
    console.log(text);
    if (values.json !== undefined) writeFileSync(values.json, `${text}\n`);
  });
}
