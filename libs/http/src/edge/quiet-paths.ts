/** Probes: they come every few seconds, say nothing in the log, and are answered however much there is to do. */
export const QUIET_PATHS = /^\/health(\/(live|ready|startup))?\/?(\?|$)/;
