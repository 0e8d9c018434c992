import type { EndpointKeys } from '../keys/endpoint-keys';

/** What is sent to an endpoint. */
export interface WebhookMessage {
  /** Connections are kept per endpoint. */
  endpointId: string;
  url: string;
  /** `webhook-id`: the same in all attempts. */
  id: string;
  /** JSON, sent and signed byte for byte. */
  body: string;
  /** What it is signed with, the current ones first. */
  keys: readonly EndpointKeys[];
}

/** Why an attempt is not a success. */
export type AttemptError =
  | 'status'
  | 'redirect'
  | 'timeout'
  | 'dns'
  | 'refused'
  | 'reset'
  | 'tls'
  | 'address_forbidden'
  | 'stopped'
  | 'invalid_url'
  | 'invalid_answer'
  | 'other';

/** What became of one attempt to send a message. */
export interface Attempt {
  /** `gone`: the receiver answered 410, and wants no further messages. */
  outcome: 'delivered' | 'gone' | 'failed';
  /** HTTP status; null without an answer. */
  status: number | null;
  /** null when it was delivered. */
  error: AttemptError | null;
  /** Until the head of the answer, or the failure. */
  latencyMs: number;
  /** The first 256 bytes of a failed answer's text, at most; null where WEBHOOK_ALLOWED_NETWORKS opened the address. */
  answer: string | null;
  /** After how long the receiver wants the next attempt: 24 hours at most. */
  retryAfterSeconds: number | null;
}
