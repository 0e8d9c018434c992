/** Traces of this process. */
export interface Tracing {
  /** Sends the spans that wait, for 3 seconds at most; spans that end later are dropped. Never throws. */
  stop(): Promise<void>;
}
