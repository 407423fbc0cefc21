import type { Call, Operation } from '../service.ts';
import { AwsError } from '../service.ts';
import type { Ec2State } from './state.ts';
import type { RequestBuckets } from './throttle.ts';

/** An EC2 operation before it is bound to a Region. Every one of them takes DryRun. */
export type Ec2Operation = (state: Ec2State, buckets: RequestBuckets, name: string) => Operation;

/**
 * Declares an EC2 operation. A dry run that would be allowed is answered with an error, as AWS does.
 * @source aws-facts [1.10]
 */
export function ec2Operation<Input extends object, Output extends object>(
  models: readonly (keyof Input & string)[],
  run: (state: Ec2State, input: Input, call: Call) => Output,
): Ec2Operation {
  return (state, buckets, name) => ({
    models: [...new Set([...models, 'DryRun'])],
    run: (input: Input & { DryRun?: boolean }, call: Call) => {
      buckets.take(name, input);
      if (input.DryRun === true) {
        throw new AwsError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
      }
      return run(state, input, call);
    },
  });
}
