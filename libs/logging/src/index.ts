export { Logger } from './logger';
export type { LogFields, LogLevel, LoggerOptions } from './logger';
export { LoggingModule } from './logging.module';
export { redactText } from './redact-text';
export { redact } from './redaction';
export { addAccessFields, currentRequest, runInRequest } from './request-context';
export type { AccessFields, RequestCaller, RequestContext } from './request-context';
