#!/usr/bin/env node
import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { Argument, Command } from 'commander';
import { createOperatorClients } from '../lib/aws/operator-clients.ts';
import { showEvidence } from '../lib/cli/evidence.ts';
import { answerQuestion, type Console, runOperation, showStatus, switchAutomatic } from '../lib/cli/operations.ts';
import { linesOf, loadPlan, loadPlans, UserError } from '../lib/cli/plans.ts';
import { rebuildCatalogue } from '../lib/cli/rebuild.ts';
import { answerWords } from '../lib/domain/question.ts';
import { Failure } from '../lib/domain/failure.ts';
import { planFileJsonSchema } from '../lib/plan-file/json-schema.ts';

const terminal: Console = {
  print: (line) => console.log(line),
  pause: (seconds) => wait(seconds * 1_000),
  newName: randomUUID,
  clients: createOperatorClients,
};

const program = new Command('homeward').description(
  'Disaster recovery for EC2 servers: failover to a second Region, failback of only the changed blocks.',
);
const fileOption = ['--file <file>', 'plan file', 'homeward.yaml'] as const;

program
  .command('check')
  .description('check a plan file; every mistake is reported with its line')
  .argument('[file]', 'plan file', 'homeward.yaml')
  .action((file: string) => {
    for (const line of loadPlans(file).flatMap(linesOf)) terminal.print(line);
  });

program
  .command('schema')
  .description('print the JSON Schema of the plan file, for editors')
  .action(() => terminal.print(JSON.stringify(planFileJsonSchema(), null, 2)));

interface FailoverOptions {
  readonly file: string;
  readonly recoveryPoint: string;
  readonly asOf?: string;
  readonly server: Readonly<Record<string, { readonly recoveryPoint: string }>>;
  readonly planned: boolean;
  readonly dryRun: boolean;
}

interface FailbackOptions {
  readonly file: string;
  readonly estimate: boolean;
  readonly fence: boolean;
  readonly newServers?: true | readonly string[];
}

interface AcceptOptions {
  readonly file: string;
  readonly dryRun: boolean;
  readonly unreplicatedBlocks: string;
}

/** `db=rp-20260105T100000Z-1a2b3c`, added to those before it. */
function serverPoint(text: string, before: FailoverOptions['server']): FailoverOptions['server'] {
  const [server = '', recoveryPoint = ''] = text.split('=', 2);
  return { ...before, [server]: { recoveryPoint } };
}

program
  .command('failover')
  .description('launch a plan in its recovery Region')
  .argument('<plan>')
  .option(...fileOption)
  .option('--recovery-point <point>', '"latest" or the id of a point', 'latest')
  .option('--as-of <time>', 'the newest point as of this time, ISO 8601, for all servers')
  .option('--server <server=point>', 'another point for one server (may be repeated)', serverPoint, {})
  .option('--planned', 'stop the primary in order and launch from a point of it: nothing is lost', false)
  .option('--dry-run', 'stop after the preflight', false)
  .action(async (name: string, { file, recoveryPoint, asOf, server, planned, dryRun }: FailoverOptions) => {
    await run({
      kind: 'failover',
      plan: loadPlan(file, name),
      input: { recoveryPoint: asOf === undefined ? recoveryPoint : { asOf }, servers: server, planned, dryRun },
    });
  });

program
  .command('failback')
  .description('bring a plan home, carrying only the changed blocks')
  .argument('<plan>')
  .option(...fileOption)
  .option('--estimate', 'only say what it would move', false)
  .option('--fence', 'only stop the servers of a primary that has returned', false)
  .option('--new-servers [names...]', 'bring these servers home as new instances; without names all of them')
  .action(async (name: string, { file, estimate, fence, newServers }: FailbackOptions) => {
    await run({
      kind: 'failback',
      plan: loadPlan(file, name),
      input: { estimateOnly: estimate, fenceOnly: fence, ...(newServers === undefined ? {} : { newServers }) },
    });
  });

program
  .command('accept')
  .description(
    'let go what stays since a plan came home: replaced volumes, stopped recovery servers, what the primary held',
  )
  .argument('<plan>')
  .option(...fileOption)
  .option('--dry-run', 'only say what that is', false)
  .option(
    '--unreplicated-blocks <number>',
    'how many blocks go that no recovery point had, which you have looked at',
    '0',
  )
  .action(async (name: string, { file, dryRun, unreplicatedBlocks }: AcceptOptions) => {
    const seen = wholeNumber('--unreplicated-blocks', unreplicatedBlocks);
    const input = { accept: true, dryRun, unreplicatedBlocks: seen };
    await run({ kind: 'accept', plan: loadPlan(file, name), input });
  });

program
  .command('drill')
  .description('launch a plan in its drill network, look whether all servers become healthy, and take them down again')
  .argument('<plan>')
  .option(...fileOption)
  .option('--recovery-point <point>', '"latest" or the id of a point', 'latest')
  .action(async (name: string, { file, recoveryPoint }: { file: string; recoveryPoint: string }) => {
    await run({ kind: 'drill', plan: loadPlan(file, name), input: { drill: true, recoveryPoint } });
  });

program
  .command('answer')
  .description('answer what the failover or failback of a plan asks')
  .argument('<plan>')
  .addArgument(new Argument('<answer>').choices([...answerWords]))
  .option('--because <text>', 'why')
  .option(...fileOption)
  .action(async (name: string, answer: string, { file, because }: { file: string; because?: string }) => {
    const by = `${userInfo().username} at the command line`;
    if (!(await answerQuestion(terminal, { plan: loadPlan(file, name), answer, because, by }))) process.exitCode = 1;
  });

program
  .command('automatic')
  .description('let alarms start failovers of a plan, or start none')
  .argument('<plan>')
  .addArgument(new Argument('<on|off>').choices(['on', 'off']))
  .option(...fileOption)
  .action(async (name: string, wanted: 'on' | 'off', { file }: { file: string }) => {
    if (!(await switchAutomatic(terminal, loadPlan(file, name), wanted))) process.exitCode = 1;
  });

program
  .command('status')
  .description('say where a plan stands')
  .argument('<plan>')
  .option(...fileOption)
  .action(async (name: string, options: { file: string }) => showStatus(terminal, loadPlan(options.file, name)));

program
  .command('evidence')
  .description('print what is kept of a failover, failback, accept or drill: of the last one, unless one is named')
  .argument('<plan>')
  .argument('[operation]')
  .option(...fileOption)
  .action(async (name: string, operation: string | undefined, { file }: { file: string }) =>
    showEvidence(terminal, loadPlan(file, name), operation),
  );

const catalogueCommands = program
  .command('catalogue')
  .description("look after a plan's items in the catalogue's table");

catalogueCommands
  .command('rebuild')
  .description('write the items again that the table has lost, from the manifests and snapshots in both Regions')
  .argument('<plan>')
  .option(...fileOption)
  .option('--dry-run', 'only say what would be written', false)
  .option('--force', 'write in spite of what speaks against it', false)
  .action(async (name: string, options: { file: string; dryRun: boolean; force: boolean }) => {
    await rebuildCatalogue(terminal, { ...options, plan: loadPlan(options.file, name) });
  });

program
  .command('rehearse')
  .description('play a disaster and the way home on a simulated cloud; needs no AWS account')
  .argument('<plan>')
  .option(...fileOption)
  .option('--world <file>', 'the servers and what happens when; without it a world is derived from the plan')
  .option('--seed <number>', 'the same seed gives the same rehearsal', '1')
  .option('--json <file>', 'write the measured numbers to this file')
  .action(async (name: string, options: { file: string; world?: string; seed: string; json?: string }) => {
    const { rehearseCommand } = await import('../rehearsal/command.ts');
    const plan = loadPlan(options.file, name);
    if (!(await rehearseCommand({ plan, ...options, seed: wholeNumber('--seed', options.seed) }))) process.exitCode = 1;
  });

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw new UserError(`${option} ${text} is not a whole number. Write it like ${option} 42.`);
  return Number(text);
}

async function run(request: Parameters<typeof runOperation>[1]): Promise<void> {
  if (!(await runOperation(terminal, request))) process.exitCode = 1;
}

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof UserError || error instanceof Failure)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
