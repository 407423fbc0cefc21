/** Requests and answers of the modelled operations, by the member names of the Systems Manager API. */
export interface SendCommandRequest {
  readonly InstanceIds?: string[] | undefined;
  readonly DocumentName?: string | undefined;
  readonly Parameters?: Record<string, string[]> | undefined;
  readonly TimeoutSeconds?: number | undefined;
  readonly Comment?: string | undefined;
}

export interface GetCommandInvocationRequest {
  readonly CommandId?: string | undefined;
  readonly InstanceId?: string | undefined;
}

export interface DescribeInstanceInformationRequest {
  readonly Filters?: { readonly Key?: string | undefined; readonly Values?: string[] | undefined }[] | undefined;
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}
