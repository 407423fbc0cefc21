import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Day, protectFleet } from './protection/day.ts';
import { monthOf } from './protection/month.ts';
import { countReads } from './protection/points.ts';

const help = `Measures Homeward on the simulated cloud, at AWS's default quotas.

  npm run bench -- protection                      a fleet of 300 servers under protection for a day, what it uses and costs
  npm run bench -- protection --servers 30 --hours 4 --every 30 --points 1000
  npm run bench -- protection --json FILE          the numbers as JSON
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    servers: { type: 'string', default: '300' },
    hours: { type: 'string', default: '24' },
    every: { type: 'string', default: '26' },
    points: { type: 'string', default: '100000' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** Sizes beside which the fleet's use and cost are shown. */
const smallerFleets = [10, 100];

/** Hours of use for those: one to come to rest, and one that is measured. */
const smallerHours = 2;

/** The quick parts first; what has been measured is kept before the next part begins, for a day takes most of an hour. */
async function protection(keep: (numbers: object) => void): Promise<void> {
  const everyMinutes = Number(values.every);
  const reads = await countReads(Number(values.points));
  keep({ reads });
  const fleets: Day[] = [];
  for (const servers of smallerFleets) {
    fleets.push(await protectFleet({ servers, everyMinutes, hours: smallerHours }));
    keep({ reads, use: fleets.map(useOf) });
  }
  const day = await protectFleet({ servers: Number(values.servers), everyMinutes, hours: Number(values.hours) });
  keep({ reads, use: [...fleets, day].map(useOf), day });
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

if (values.help || positionals[0] !== 'protection') {
  console.log(help);
  process.exitCode = values.help ? 0 : 1;
} else {
  await protection((numbers) => {
    const text = JSON.stringify(numbers, null, 2);
    console.log(text);
    if (values.json !== undefined) writeFileSync(values.json, `${text}\n`);
  });
}
