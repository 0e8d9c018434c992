export type { RequestSpan } from './request-span';
export { startRequestSpan } from './request-span';
export type { TraceContext } from './spans';
export { currentTrace, inBatchSpan, inSpan } from './spans';
export { startTracing } from './start-tracing';
export { isTracing } from './switch';
export { TRACES_STOP_MS, type Tracing } from './tracing';
