import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { protectFleet } from './protection/day.ts';
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

async function protection() {
  const everyMinutes = Number(values.every);
  const day = await protectFleet({ servers: Number(values.servers), everyMinutes, hours: Number(values.hours) });
  const fleets = [];
  for (const servers of smallerFleets) fleets.push(await protectFleet({ servers, everyMinutes, hours: 2 }));
  const use = [...fleets, day].map(({ servers, use: of }) => ({
    servers,
    callsPerServerAndPoint: sum(of.calls) / servers / of.points,
    stateTransitionsPerServerAndPoint: of.stateTransitions / servers / of.points,
    month: monthOf(servers, of, everyMinutes),
  }));
  return { day, use, reads: await countReads(Number(values.points)) };
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

if (values.help || positionals[0] !== 'protection') {
  console.log(help);
  process.exitCode = values.help ? 0 : 1;
} else {
  const numbers = JSON.stringify(await protection(), null, 2);
  console.log(numbers);
  if (values.json !== undefined) writeFileSync(values.json, `${numbers}\n`);
}
