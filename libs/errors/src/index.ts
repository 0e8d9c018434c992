export { DomainError } from './domain-error';
export type { FieldError } from './domain-error';
export { ConfigurationError } from './configuration-error';
export { PROBLEMS } from './problems';
export type { ErrorCode, ProblemSpec } from './problems';
