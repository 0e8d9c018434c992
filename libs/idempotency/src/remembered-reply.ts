/** What a route answered to a request, besides its status: this is what a repeated request gets. */
export interface RememberedReply {
  /** To be sent as JSON, or as it is. */
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}
