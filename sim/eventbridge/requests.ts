/** Requests and answers of the modelled operations, by the member names of the EventBridge API. */
export interface RuleRequest {
  readonly Name?: string | undefined;
  readonly EventBusName?: string | undefined;
}

export interface RuleSummary {
  readonly Name: string;
  readonly Arn: string;
  readonly EventPattern: string;
  readonly State: 'ENABLED' | 'DISABLED';
  readonly EventBusName: string;
}

export interface ListRulesRequest {
  readonly NamePrefix?: string | undefined;
  readonly EventBusName?: string | undefined;
  readonly Limit?: number | undefined;
  readonly NextToken?: string | undefined;
}

export interface PutEventsEntry {
  readonly Source?: string | undefined;
  readonly DetailType?: string | undefined;
  /** JSON of an object. */
  readonly Detail?: string | undefined;
  readonly Resources?: string[] | undefined;
  readonly Time?: Date | undefined;
  readonly EventBusName?: string | undefined;
}

export interface PutEventsRequest {
  readonly Entries?: PutEventsEntry[] | undefined;
}

export interface PutEventsResult {
  readonly EventId?: string;
  readonly ErrorCode?: string;
  readonly ErrorMessage?: string;
}

export interface PutEventsResponse {
  readonly FailedEntryCount: number;
  readonly Entries: PutEventsResult[];
}
