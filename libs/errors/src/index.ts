export { ConfigurationError } from './configuration-error';
export type { FieldError } from './domain-error';
export { DomainError } from './domain-error';
export { FieldErrors, shortened } from './field-errors';
export { InvalidInput } from './invalid-input';
export { MalformedRequest } from './malformed-request';
export type { ErrorCode } from './problems';
export { PROBLEMS } from './problems';
export { STORABLE_TEXT_RULE, isStorableText } from './storable-text';
