export { Logger } from './logger';
export { LoggingModule } from './logging.module';
export { redactText } from './redact-text';
export type { RequestCaller, RequestContext } from './request-context';
export { addAccessFields, currentRequest, runInRequest, runOutsideRequests } from './request-context';
