import type { Life } from '../life.ts';
import type { Case } from './cases.ts';

/** Arranges that the case happens from now on. Gives what tells whether it has, and what ends its effects. */
export function inject(life: Life, fault: Case): { isMet(): boolean; clear(): void } {
  const { cloud } = life.stage;
  if (fault.at === 'state') return stopAtState(life, fault);
  if (fault.at === 'call' && fault.kind === 'key-unusable') return loseKeys(life, fault);
  if (fault.at === 'invocation') {
    cloud.faults.add({ kind: fault.kind, caller: fault.functionName, skip: fault.nth });
  } else if (fault.kind === 'crash-before' || fault.kind === 'crash-after') {
    cloud.faults.add({ kind: fault.kind, caller: fault.call.functionName, skip: fault.nthOfFunction });
  } else if (fault.kind !== 'key-unusable') {
    const { service, operation, region, role } = fault.call;
    cloud.faults.add({ kind: fault.kind, service, operation, region, caller: role, skip: fault.nth });
  }
  return { isMet: () => cloud.faults.unmet.length === 0, clear: () => undefined };
}

/** Somebody disables the keys of a Region at the worst moment, and enables them again when the operation has ended. */
function loseKeys(life: Life, { call, nth }: Extract<Case, { at: 'call' }>) {
  const { cloud } = life.stage;
  const { keys } = cloud.services(call.region).ec2.state;
  let met = 0;
  const end = cloud.record.watch(({ role, service, operation, region }) => {
    const isMeant =
      role === call.role && service === call.service && operation === call.operation && region === call.region;
    if (!isMeant) return;
    met += 1;
    if (met === nth + 1) for (const arn of keys.arns) keys.enable(arn, false);
  });
  return {
    isMet: () => met > nth,
    clear() {
      end();
      for (const arn of keys.arns) keys.enable(arn, true);
    },
  };
}

/** Somebody stops the execution in the console; `redriven`: and lets it go on at once, whatever has begun to undo it. */
function stopAtState(life: Life, { state: name, nth, kind }: Extract<Case, { at: 'state' }>) {
  const { stage } = life;
  let met = 0;
  const end = stage.states.onEvent((execution, { type, state }) => {
    if (type !== 'StateEntered' || state?.name !== name) return;
    met += 1;
    if (met !== nth + 1) return;
    const stopping = stage.stop(execution);
    if (kind === 'redriven') void stopping.then(() => stage.redrive(execution)).catch(() => undefined);
  });
  return { isMet: () => met > nth, clear: () => void end() };
}
