/** An HTTP request as it left an SDK client; `path` holds the query string. */
export interface WireRequest {
  readonly method: string;
  readonly hostname: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
  /** ARN of the role whose credentials signed it, where it is known. */
  readonly role?: string;
  /** Name of the calling function and id of its invocation, `FailoverFence/0000…`, where it is known. */
  readonly invocation?: string;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** Answers a request; never settles while the Region it is addressed to is silent. */
export type Dispatch = (request: WireRequest) => Promise<WireResponse>;
