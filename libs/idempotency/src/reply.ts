/** What a route answers to a request, besides its status. A repeated request with an Idempotency-Key gets it again. */
export interface Reply {
  /** To be sent as JSON, or as it is. */
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}
