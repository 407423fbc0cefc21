import type { Life } from '../life.ts';
import type { FaultRule } from '../../sim/faults.ts';
import type { Case } from './cases.ts';

/** A case that happens from now on. */
export interface Injected {
  isMet(): boolean;
  /** Ends its effects, and takes it back when it was not met. */
  clear(): void;
}

export function inject(life: Life, fault: Case): Injected {
  if (fault.at === 'state') return stopAtState(life, fault);
  if (fault.at === 'call' && fault.kind === 'key-unusable') return loseKeys(life, fault);
  const { isMet, remove } = life.stage.cloud.faults.add(ruleOf(fault));
  return { isMet, clear: remove };
}

function ruleOf(fault: Exclude<Case, { at: 'state' }>): FaultRule {
  if (fault.at === 'invocation') return { kind: fault.kind, caller: fault.functionName, skip: fault.nth };
  const { kind, call, functionName, nth, nthOfFunction } = fault;
  if (kind === 'key-unusable') throw new Error('no single call fails of a key that is unusable');
  if (kind === 'crash-before' || kind === 'crash-after') return { kind, caller: functionName, skip: nthOfFunction };
  const { service, operation, region, role } = call;
  return { kind, service, operation, region, caller: role, skip: nth };
}

/** Somebody disables the keys of a Region at the worst moment, and enables them again when the operation has ended. */
function loseKeys(life: Life, { call, nth }: Extract<Case, { at: 'call' }>): Injected {
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
function stopAtState(life: Life, { state: name, nth, kind }: Extract<Case, { at: 'state' }>): Injected {
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
