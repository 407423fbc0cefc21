import { DescribeCapacityReservationsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import type { CapacityReservation } from '../domain/capacity.ts';
import { AwsFailure, awsCall, type Patience } from './call.ts';

/** A Capacity Reservation by its id; `undefined` where there is none. @source aws-facts [3.4] */
export async function findReservation(
  ec2: EC2Client,
  id: string,
  patience: Patience = {},
): Promise<CapacityReservation | undefined> {
  const asked = new DescribeCapacityReservationsCommand({ CapacityReservationIds: [id] });
  try {
    const answer = await awsCall(`look at ${id}`, () => ec2.send(asked, patience));
    const [found] = answer.CapacityReservations ?? [];
    if (found === undefined) return undefined;
    return {
      id,
      instanceType: found.InstanceType ?? '',
      zone: found.AvailabilityZone ?? '',
      platform: found.InstancePlatform ?? '',
      tenancy: found.Tenancy ?? '',
      state: found.State ?? '',
      freeInstances: found.AvailableInstanceCount ?? 0,
    };
  } catch (error) {
    if (error instanceof AwsFailure && error.awsName === 'InvalidCapacityReservationId.NotFound') return undefined;
    throw error;
  }
}
