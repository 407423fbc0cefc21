import type { RetryPolicy } from '../eventbridge/delivery.ts';

/** Requests and answers of the modelled operations, by the member names of the EventBridge Scheduler API. */
export interface ScheduleTarget {
  readonly Arn?: string | undefined;
  readonly RoleArn?: string | undefined;
  readonly Input?: string | undefined;
  readonly RetryPolicy?: RetryPolicy | undefined;
  readonly DeadLetterConfig?: object | undefined;
}

export interface UpdateScheduleRequest {
  readonly Name?: string | undefined;
  readonly GroupName?: string | undefined;
  readonly Description?: string | undefined;
  readonly ScheduleExpression?: string | undefined;
  readonly ScheduleExpressionTimezone?: string | undefined;
  readonly FlexibleTimeWindow?: { readonly Mode?: string | undefined } | undefined;
  readonly State?: string | undefined;
  readonly Target?: ScheduleTarget | undefined;
}

export interface GetScheduleRequest {
  readonly Name?: string | undefined;
  readonly GroupName?: string | undefined;
}

export interface ListSchedulesRequest {
  readonly GroupName?: string | undefined;
  readonly NamePrefix?: string | undefined;
  readonly State?: string | undefined;
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}
