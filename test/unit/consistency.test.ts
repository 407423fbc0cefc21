import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  freezeScript,
  hasCommands,
  isHolding,
  reachedBy,
  stateFolder,
  thawScript,
} from '../../lib/domain/consistency.ts';
import type { Freeze } from '../../lib/domain/freeze.ts';
import type { Consistency } from '../../lib/domain/plan.ts';
import { frozenShop, shop } from '../../proof/shop.ts';

/** Frozen from 10:00:03 on, for 60 s from 10:00:00. */
const freezing: Freeze = {
  plan: 'shop',
  server: 'db',
  operation: 'protect-1',
  point: 'rp-20260105T100000Z-aaaaaa',
  instance: 'i-1',
  requestedAt: '2026-01-05T10:00:00.000Z',
  endsAt: '2026-01-05T10:01:00.000Z',
  command: 'c-1',
  thawCommand: null,
  frozenAt: '2026-01-05T10:00:03.400Z',
  thawRequestedAt: null,
  thawedAt: null,
};
const at = (time: string) => `2026-01-05T10:00:${time}Z`;

describe('what was reached', () => {
  it.each<[what: string, startedAt: string, change: Partial<Freeze>, reached: string]>([
    ['begun while it was frozen', at('04.000'), {}, 'application'],
    ['begun in the second in which that was seen, told without milliseconds', at('03.000'), {}, 'application'],
    ['begun ten seconds before it may end, which is as long as the call may take', at('50.000'), {}, 'application'],
    ['begun when the call may outlast it', at('50.001'), {}, 'crash'],
    ['begun before it was frozen', at('02.999'), {}, 'crash'],
    ['never seen frozen', at('04.000'), { frozenAt: null }, 'crash'],
    ['known only after a thaw was asked for', at('04.000'), { thawRequestedAt: at('05.000') }, 'crash'],
  ])('%s', (_, startedAt, change, reached) => {
    expect(reachedBy({ ...freezing, ...change }, startedAt)).toBe(reached);
  });

  it('without any freeze', () => {
    expect(reachedBy(undefined, at('04.000'))).toBe('crash');
    expect(isHolding(freezing, new Date(at('10.000')))).toBe(true);
    expect([hasCommands(shop), hasCommands(frozenShop)]).toEqual([false, true]);
  });
});

/** The scripts in a real shell, with a folder of their own instead of that in memory. */
describe('the scripts on a server', () => {
  let folder: string;
  let log: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'frozen-'));
    log = join(folder, 'log');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const say = (word: string) => `echo ${word} >> ${log}`;
  const said = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []);
  const commands = (change: Partial<Consistency> = {}): Consistency => ({
    freeze: [say('freeze')],
    thaw: [say('thaw')],
    withinSeconds: 20,
    onFailure: 'fail',
    ...change,
  });
  const textOf = (lines: readonly string[]) => lines.join('\n').replaceAll(stateFolder, join(folder, 'state'));
  const run = (lines: readonly string[]) => spawnSync('sh', ['-c', textOf(lines)], { encoding: 'utf8' }).status;
  const freeze = (change?: Partial<Consistency>) => run(freezeScript('rp-1', commands(change)));
  const thaw = () => run(thawScript('rp-1'));
  const pause = (seconds: number) => spawnSync('sleep', [String(seconds)]);

  it('freeze and thaw, each once however often they are sent', () => {
    expect([freeze(), freeze(), thaw(), thaw(), freeze()]).toEqual([0, 0, 0, 0, 1]);
    expect(said()).toEqual(['freeze', 'thaw']);
  });

  it('thaw by their own clock when nothing comes any more', () => {
    expect(freeze({ withinSeconds: 1 })).toBe(0);
    expect(said()).toEqual(['freeze']);
    pause(1.6);
    expect(said()).toEqual(['freeze', 'thaw']);
    expect(thaw()).toBe(0);
    expect(said()).toEqual(['freeze', 'thaw']);
  });

  it('thaw by their own clock though the agent kills the command and everything that it started', async () => {
    const text = textOf(freezeScript('rp-1', commands({ freeze: [say('freeze'), 'sleep 60'], withinSeconds: 2 })));
    const command = spawn('sh', ['-c', text], { detached: true, stdio: 'ignore' });
    const ended = new Promise((resume) => command.once('exit', resume));
    pause(0.5);
    process.kill(-(command.pid ?? 0), 'SIGKILL');
    await ended;
    expect(said()).toEqual(['freeze']);
    pause(2.2);
    expect(said()).toEqual(['freeze', 'thaw']);
  });

  it('freeze nothing after their thaw', () => {
    expect([thaw(), freeze()]).toEqual([0, 1]);
    expect(said()).toEqual([]);
  });

  it('end as the first command that fails, after which nothing is frozen and a thaw that fails is none', () => {
    expect(freeze({ freeze: ['exit 32', say('never')], thaw: [say('thaw'), 'exit 1'] })).toBe(32);
    expect(thaw()).toBe(0);
    expect(said()).toEqual(['thaw']);
  });

  it('fail to thaw when a command fails after others had frozen something, until it does not', () => {
    const mended = join(folder, 'mended');
    const change = { freeze: [say('freeze'), 'exit 32'], thaw: [`test -e ${mended}`, say('thaw')] };
    expect([freeze(change), thaw()]).toEqual([32, 1]);
    writeFileSync(mended, '');
    expect([thaw(), thaw()]).toEqual([0, 0]);
    expect(said()).toEqual(['freeze', 'thaw', 'thaw']);
  });

  it('tell a freeze that was over before it had ended', () => {
    expect(freeze({ freeze: ['sleep 2', say('freeze')], withinSeconds: 1 })).toBe(1);
    expect(said()).toEqual(['thaw', 'freeze']);
  });
});
