import { DomainError } from './domain-error';

/** The request can't be read, or contradicts itself (400). */
export class MalformedRequest extends DomainError {
  readonly code = 'invalid_request';
}
