import type { Operation, Service, Surroundings } from '../service.ts';
import { completeOperation } from './complete.ts';
import { Desk } from './desk.ts';
import { getOperation } from './get.ts';
import { listChangedOperation, listOperation } from './list.ts';
import { putOperation } from './put.ts';
import { startOperation } from './start.ts';

declare module '../cloud.ts' {
  interface Services {
    ebs: Ebs;
  }
}

/**
 * The simulated EBS direct APIs of one Region, over the snapshots of its EC2. Times and the bytes moved are EC2's:
 * `ec2.timings`, `ec2.bytesMoved`.
 */
export class Ebs implements Service {
  readonly operations: Readonly<Record<string, Operation>>;

  constructor(surroundings: Surroundings) {
    const desk = new Desk(surroundings);
    this.operations = {
      StartSnapshot: startOperation(desk),
      PutSnapshotBlock: putOperation(desk),
      CompleteSnapshot: completeOperation(desk),
      ListSnapshotBlocks: listOperation(desk),
      ListChangedBlocks: listChangedOperation(desk),
      GetSnapshotBlock: getOperation(desk),
    };
  }
}
