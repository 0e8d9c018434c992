/** A collector that does not answer must not hold up the end of the process. */
export const TRACES_STOP_MS = 3000;

/** Traces of this process. */
export interface Tracing {
  /** Sends the spans that wait, for 3 seconds at most; spans that end later are dropped. Never throws. */
  stop(): Promise<void>;
}
