/** A broken variant of the system, and the promise whose checker must catch it. */
export interface Canary {
  readonly name: string;
  /** What the checker's lines begin with: its number, where it has one. */
  readonly promise: string;
  /** The file that is broken, and the text in it, once, that is put in place of another. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** The day on which it shows. */
  readonly day: Day;
}

/** Days that are short and together touch every promise; each is perfect with the system as it is. */
export type Day =
  | 'there and back'
  | 'failover undone'
  | 'failback undone'
  | 'preempted'
  | 'many points'
  | 'pinned'
  | 'frozen'
  | 'drilled'
  | 'spared'
  | 'accepted'
  | 'guarded';

export const canaries: readonly Canary[] = [
  {
    name: 'takes the fence for granted',
    promise: 'I1',
    file: 'lib/steps/failover/fence.ts',
    find: 'const look = await fencePrimary(services, input, plan, kind);',
    replace: "const look = 'confirmed' as string;",
    day: 'there and back',
  },
  {
    name: 'starts the originals while recovery serves',
    promise: 'I1',
    file: 'lib/steps/failback/stop-recovery.ts',
    find: "await stopServers(services, input, plan.recovery.region, instances, (running) => allowStop(services, input, running));\n  const isStopped = instances.every(({ state }) => state === 'stopped' || state === 'terminated');",
    replace: 'const isStopped = true;',
    day: 'there and back',
  },
  {
    name: 'takes a copy for whole while it is under way',
    promise: 'I2',
    file: 'lib/steps/protect/replicate.ts',
    find: "if (copy?.state === 'completed') return",
    replace: 'if (copy !== undefined) return',
    day: 'many points',
  },
  {
    name: 'leaves a volume out of the point',
    promise: 'I2',
    file: 'lib/steps/protect/capture.ts',
    find: 'const entries = facts.volumes.map(',
    replace: 'const entries = facts.volumes.slice(1).map(',
    day: 'many points',
  },
  {
    name: 'deletes the newest point',
    promise: 'I3',
    file: 'lib/domain/retention.ts',
    find: '...available.slice(0, Math.max(1, rules.latest)),\n    ...points.filter(({ operation }) => operation === running),',
    replace: '...available.slice(1, rules.latest),',
    day: 'many points',
  },
  {
    name: 'deletes a pinned point',
    promise: 'I3',
    file: 'lib/steps/protect/judge.ts',
    find: 'const retention = applyRetention(headers, await catalogue.twins(plan.name), keeping);',
    replace: `const bare = headers.map((point) => ({ ...point, pins: [] }));
  const retention = applyRetention(bare, await catalogue.twins(plan.name), keeping);
  for (const { id } of retention.doomedPoints) await catalogue.updatePoint(plan.name, id, { status: 'expired' });`,
    day: 'pinned',
  },
  {
    name: 'skips one block',
    promise: 'I4',
    file: 'lib/aws/blocks.ts',
    find: 'for (const block of page.ChangedBlocks ?? [])',
    replace: 'for (const block of (page.ChangedBlocks ?? []).filter(({ BlockIndex = 0 }) => BlockIndex % 4 !== 1))',
    day: 'there and back',
  },
  {
    name: 'writes zeros in place of a block',
    promise: 'I4',
    file: 'lib/steps/transfer/carry.ts',
    find: 'const block = token === null ? zeroBlock',
    replace: 'const block = token === null || index % 2 === 1 ? zeroBlock',
    day: 'there and back',
  },
  {
    name: 'brings home an older round',
    promise: 'I4',
    file: 'lib/steps/failback/final-twins.ts',
    find: '.filter((twin) => twin.operation === operation.id && twin.madeAt === madeAt)',
    replace: '.filter((twin) => twin.operation === operation.id).toReversed()',
    day: 'there and back',
  },
  {
    name: 'takes what was at home for what has come home',
    promise: 'I4',
    file: 'lib/steps/failback/finish-round.ts',
    find: 'primarySnapshot: record.target,',
    replace: 'primarySnapshot: transfer.far.base,',
    day: 'guarded',
  },
  {
    name: 'does not report what the primary had written',
    promise: 'I5',
    file: 'lib/steps/failback/pay-fence.ts',
    find: 'await services.catalogue.updateOperation(input, { unreplicated });',
    replace: '',
    day: 'there and back',
  },
  {
    name: 'undoes the servers and not the traffic',
    promise: 'I5',
    file: 'lib/steps/traffic/restore.ts',
    find: 'await applyChanges(services, changes);',
    replace: '',
    day: 'failover undone',
  },
  {
    name: 'leaves the originals stopped after an undo',
    promise: 'I5',
    file: 'lib/steps/failover/undo.ts',
    find: 'if (!(await unfenceOnceThere(services, input))) return notYet(services, input);',
    replace: '',
    day: 'failover undone',
  },
  {
    name: 'leaves the recovery servers stopped after an undo',
    promise: 'I5',
    file: 'lib/steps/failback/undo.ts',
    find: 'if (!(await serveInRecovery(services, input, plan))) return notYet(services, input);',
    replace: '',
    day: 'failback undone',
  },
  {
    name: 'lets go what it replaced before there is a point',
    promise: 'I5',
    file: 'lib/domain/kept.ts',
    find: 'return newest !== undefined && secondsBetween(homeSince(returns), newest.startedAt) > 0;',
    replace: 'return newest !== undefined;',
    day: 'accepted',
  },
  {
    name: 'takes no heed of the epoch',
    promise: 'I6',
    file: 'lib/steps/services.ts',
    find: "return this.catalogue.changeState(context, { kind: 'renew', now: now() });",
    replace: 'return this.catalogue.state(context.plan);',
    day: 'preempted',
  },
  {
    name: 'leaves a volume of an undone failback',
    promise: 'I8',
    file: 'lib/steps/failback/put-back.ts',
    find: 'const isGone = await deleteFree(client, built);',
    replace: 'const isGone = built.length >= 0;',
    day: 'failback undone',
  },
  {
    name: 'leaves a replaced volume that was accepted',
    promise: 'I8',
    file: 'lib/steps/failback/accept.ts',
    find: 'const areVolumesGone = await deleteFree(home, replaced);',
    replace: 'const areVolumesGone = (await deleteFree(home, replaced.slice(1))) && replaced.length < 2;',
    day: 'accepted',
  },
  {
    name: 'leaves the images of an undone failover',
    promise: 'I8',
    file: 'lib/steps/failover/launched.ts',
    find: 'await deregisterImage(ec2, image.id);',
    replace: 'void image;',
    day: 'failover undone',
  },
  {
    name: 'leaves what it launched of a server that was left out',
    promise: 'I8',
    file: 'lib/steps/failover/clear.ts',
    find: 'const isGone = await removeServers(services, input, launched, { servers: leftOut });',
    replace: 'const isGone = launched.length >= 0;',
    day: 'spared',
  },
  {
    name: 'takes a server for thawed unasked',
    promise: 'I8',
    file: 'lib/steps/protect/thawing.ts',
    find: 'return await sendOrLook(services, plan, asked);',
    replace: 'return await change(services, asked, { thawedAt: services.now().toISOString() });',
    day: 'frozen',
  },
  {
    name: 'leaves the servers of a drill',
    promise: 'I8',
    file: 'lib/steps/drill/take-down.ts',
    find: '    isGone = (await removeServers(services, input, launched, { region })) && isGone;',
    replace: '    isGone = launched.length >= 0;',
    day: 'drilled',
  },
  {
    name: 'drills with the records of production',
    promise: 'I10',
    file: 'lib/domain/drill.ts',
    find: "return { ...withoutPrepared(plan, 'none'), traffic: [], failover };",
    replace: "return { ...withoutPrepared(plan, 'none'), failover };",
    day: 'drilled',
  },
  {
    name: 'tells nobody',
    promise: 'I11',
    file: 'lib/steps/operation/close.ts',
    find: "const isNews = operation.kind !== 'protect' || outcome !== 'succeeded';",
    replace: 'const isNews = false;',
    day: 'there and back',
  },
  {
    name: 'keeps the plan after its end',
    promise: 'I11',
    file: 'lib/steps/operation/close.ts',
    find: 'await release(services, input, hasFenced ? endedAt : null);',
    replace: 'void hasFenced;',
    day: 'many points',
  },
  {
    name: 'ends without evidence',
    promise: 'I11 there is no evidence of',
    file: 'lib/steps/operation/close.ts',
    find: 'if (isEvidenced(operation))\n',
    replace: 'if (operation.outcome === "succeeded")\n',
    day: 'there and back',
  },
  {
    name: 'asks AWS for what nobody has modelled',
    promise: 'The simulated cloud does not model',
    file: 'lib/aws/snapshots.ts',
    find: "{ OwnerIds: ['self'], Filters: filters },",
    replace: "{ OwnerIds: ['self'], Filters: filters, RestorableByUserIds: ['self'] },",
    day: 'many points',
  },
];
