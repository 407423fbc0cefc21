/** An HTTP request as it left an SDK client; `path` holds the query string. */
export interface WireRequest {
  readonly method: string;
  readonly hostname: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** Answers a request; never settles while the Region it is addressed to is silent. */
export type Dispatch = (request: WireRequest) => Promise<WireResponse>;
