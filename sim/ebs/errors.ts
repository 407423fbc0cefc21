import { AwsError } from '../service.ts';

/** @source aws-facts [2.10] */
export function validation(reason: string, message: string): AwsError {
  return new AwsError('ValidationException', message, 400, { Reason: reason });
}

export function notFound(id: string | undefined): AwsError {
  return new AwsError('ResourceNotFoundException', `The snapshot '${id}' does not exist.`, 404, {
    Reason: 'SNAPSHOT_NOT_FOUND',
  });
}

export function keyRefused(): AwsError {
  return new AwsError('AccessDeniedException', 'The key of the snapshot cannot be used.', 403, {
    Reason: 'DEPENDENCY_ACCESS_DENIED',
  });
}
