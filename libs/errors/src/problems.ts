/** The catalogue's entry for one error code. */
export interface ProblemSpec {
  /** HTTP status of the answer. */
  status: number;
  /** Short, the same for every occurrence (RFC 9457 `title`). */
  title: string;
  /** What it means and what a caller can do; shown on `/problems/<code>`. */
  description: string;
}

const catalogue = {
  invalid_request: {
    status: 400,
    title: 'Malformed request',
    description:
      'The body is not JSON in UTF-8, or the request contradicts itself. `detail` says what and where: correct it.',
  },
  unauthorized: {
    status: 401,
    title: 'API key missing or refused',
    description:
      'Send a valid API key as `X-API-Key` or `Authorization: Bearer`. Unknown, expired, deactivated and deleted keys all get the same answer; the log of the server has the reason.',
  },
  session_ended: {
    status: 401,
    title: 'Session ended',
    description:
      'Sign in again: `POST /api/v1/sessions` with an API key. Sessions that were ended or have expired, and values that never were one, all get the same answer; the log of the server has the reason.',
  },
  insufficient_scope: {
    status: 403,
    title: 'Scope missing',
    description:
      'The API key is valid but does not have a scope that this operation needs. `detail` names it: use a key with that scope, or have it added to this key.',
  },
  origin_refused: {
    status: 403,
    title: 'Other origin',
    description:
      'A session changes something only where `Origin` is the origin of `PUBLIC_URL`: open the console under that address. A program sends an API key instead.',
  },
  license_not_valid: {
    status: 403,
    title: 'License not valid',
    description:
      'The license token does not allow this: `verdict` is what a validation of it answers. Its `code` and `error` say what is wrong.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    description:
      'There is no route or page at this path. Check the path: API paths begin with `/api/v1/`, and `/docs` lists them all.',
  },
  license_not_found: {
    status: 404,
    title: 'License not found',
    description:
      'No license has this id; or, of `inspect`, the token is not on record here. `GET /api/v1/licenses?q=` finds licenses by the beginning of an id.',
  },
  customer_not_found: {
    status: 404,
    title: 'Customer not found',
    description:
      'No customer has this id, or it was deleted. `GET /api/v1/customers?q=` finds customers by the beginning of an id or name.',
  },
  api_key_not_found: {
    status: 404,
    title: 'API key not found',
    description:
      'No API key has this id, or it was deleted. The id is the third part of the key (`aegis_<environment>_<id>_…`); `GET /api/v1/admin/api-keys` lists them.',
  },
  session_not_found: {
    status: 404,
    title: 'Session not found',
    description:
      'No session has this id; it has ended, or it belongs to another API key and yours does not have the scope `api-keys:manage`. `current` is the session of the request: with an API key there is none.',
  },
  signing_key_not_found: {
    status: 404,
    title: 'Signing key not found',
    description:
      'No signing key with this id is on record. `GET /api/v1/admin/signing-keys` lists them, as `aegis keys list` does.',
  },
  webhook_not_found: {
    status: 404,
    title: 'Webhook not found',
    description: 'No webhook has this id, or it was deleted. `GET /api/v1/admin/webhooks` lists them.',
  },
  delivery_not_found: {
    status: 404,
    title: 'Delivery not found',
    description:
      'No delivery of a webhook has this id, or it was removed with its event after `EVENTS_RETENTION_DAYS`, or with its webhook. `GET /api/v1/admin/webhooks/{id}/deliveries` lists them.',
  },
  activation_not_found: {
    status: 404,
    title: 'Activation not found',
    description:
      'No activation has this id, or it belongs to another license or another fingerprint: all of them get the same answer. Send the license token and the fingerprint that the activation was made with.',
  },
  status_list_not_found: {
    status: 404,
    title: 'Status list not found',
    description:
      'There is no status list with this number. Take its address from the token: `status.status_list.uri`.',
  },
  audit_record_not_found: {
    status: 404,
    title: 'Audit record not found',
    description:
      'No audit record has this id, or its month was dropped: then the export that was made before has the proof.',
  },
  key_set_not_found: {
    status: 404,
    title: 'No signed key set',
    description:
      'This server has no key set that a root key signed. Use `/.well-known/jwks.json`, or have the operator sign one.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    description: 'This path exists, but not for this method. Use one that the header `Allow` lists.',
  },
  not_acceptable: {
    status: 406,
    title: 'Not acceptable',
    description:
      'The route cannot answer in any of the media types in `Accept`. Omit the header, or accept `application/json`.',
  },
  request_timeout: {
    status: 408,
    title: 'Request timed out',
    description: 'The request did not arrive as a whole in time. Send it again.',
  },
  conflict: {
    status: 409,
    title: 'Conflict',
    description: 'The request conflicts with the current state of the resource. Read it again, then decide.',
  },
  customer_exists: {
    status: 409,
    title: 'Customer id taken',
    description:
      'The id belongs to a customer, or to one that was deleted: ids are never reused. Choose another id, or change the customer that has it.',
  },
  customer_inactive: {
    status: 409,
    title: 'Customer inactive',
    description: 'Licenses are not issued to an inactive customer. Activate the customer first.',
  },
  customer_has_licenses: {
    status: 409,
    title: 'Customer holds licenses',
    description: 'The customer holds licenses that are not revoked. Revoke them first.',
  },
  license_state_conflict: {
    status: 409,
    title: 'Not possible in this license state',
    description:
      'This change is not possible in the current state of the license; `detail` names the state and what to do. A suspension can be lifted by `reinstate`. A revocation is final: issue a new license.',
  },
  seats_not_counted: {
    status: 409,
    title: 'Seats are not counted',
    description:
      'The license does not say how many installations may use it at a time, so there are no seats to hold or to change. Any number may use it. A reissue with `seats` begins to count them.',
  },
  seats_exhausted: {
    status: 409,
    title: 'All seats in use',
    description:
      'As many installations as the license allows hold a seat. `in_use` and `limit` say how many; before `next_free_at` no lease ends (null: none ends by itself). Where the license allows a takeover, `holders` lists installations whose seat `take_over` can name. Release a seat, or ask the vendor for more.',
  },
  moves_exhausted: {
    status: 409,
    title: 'Too many different installations',
    description:
      'The license limits the number of different installations within 30 days, and that number has been activated. An installation that was among them can come back. `next_free_at` says when another one can come.',
  },
  activation_ended: {
    status: 409,
    title: 'Activation ended',
    description:
      'The activation no longer holds a seat: `ended_by` and `ended_at` say why and since when. Activate again; that needs a free seat.',
  },
  position_unknown: {
    status: 409,
    title: 'Position not given yet',
    description:
      '`after` is beyond `last_position` (of a webhook `last_sequence`), the last place that was given to an event: it is of another server, or of a database that was replaced without `aegis restore reconcile`. Begin again with `after=0`, and leave out the events whose id you have seen.',
  },
  activation_offline: {
    status: 409,
    title: 'Held by an offline file',
    description:
      'A file for machines without a network was given out for this activation, and holds its seat until it ends. Only the vendor can end it before.',
  },
  key_set_outdated: {
    status: 409,
    title: 'Signed key set outdated',
    description:
      'A machine without a network would refuse the file: the signed key set of this server has expired, or lacks the key that signed. `detail` says which. The operator signs a new one with the root key (`aegis keys export`, `aegis keys root sign`).',
  },
  webhook_limit_reached: {
    status: 409,
    title: 'As many webhooks as there may be',
    description:
      'Each webhook is looked at for every event, so their number is limited; `detail` says how many there may be. Delete one that nobody needs, or send several receivers their events from one program.',
  },
  webhook_disabled: {
    status: 409,
    title: 'Webhook disabled',
    description:
      'A disabled webhook gets nothing, so no delivery can be repeated. Enable it first: `PATCH /api/v1/admin/webhooks/{id}` with `is_active`.',
  },
  last_admin_key: {
    status: 409,
    title: 'Last admin key',
    description:
      'The last active admin key that does not expire cannot be removed or restricted. Create another one first.',
  },
  request_in_progress: {
    status: 409,
    title: 'Request still running',
    description:
      'A request with this `Idempotency-Key` is still running. Send it again in a moment: it returns the answer of the first one.',
  },
  answer_unreadable: {
    status: 409,
    title: 'Remembered answer unreadable',
    description:
      'The request was carried out, but its remembered answer can no longer be read. Read the resource that it changed, then decide; nothing was done twice.',
  },
  audit_record_not_sealed: {
    status: 409,
    title: 'Audit record not sealed yet',
    description:
      'Records are sealed about a second after they are written. Try again in a moment; `aegis_checkpoint_lag_seconds` shows whether sealing is delayed.',
  },
  audit_record_too_large: {
    status: 409,
    title: 'Audit record too large',
    description:
      'The record is larger than one record may be, so nothing can be proven about it. It was written before the database limited the length of texts, or past those limits. Read it with `GET /api/v1/admin/audit-logs`.',
  },
  audit_trail_not_droppable: {
    status: 409,
    title: 'Audit records cannot be dropped yet',
    description:
      'A month of the audit trail can be dropped only when all of its records are sealed and exported. `detail` says what is missing.',
  },
  audit_trail_not_resumable: {
    status: 409,
    title: 'Sealing of the audit trail cannot resume from there',
    description:
      'The checkpoint that was named is not valid, or the one after it is valid too. `aegis audit verify` shows the last valid one.',
  },
  restore_not_reconcilable: {
    status: 409,
    title: 'Restored database cannot be reconciled',
    description:
      'What was shipped does not prove enough, or contradicts the database. `aegis restore reconcile` says why; nothing was written.',
  },
  events_expired: {
    status: 410,
    title: 'Events no longer kept',
    description:
      'Events after `after` were removed: they are kept for `EVENTS_RETENTION_DAYS`. Read the state of what you follow from its own routes, then continue with `after` one less than `first_position` (of a webhook `first_sequence`), the first place whose event is kept.',
  },
  precondition_failed: {
    status: 412,
    title: 'Changed meanwhile',
    description: '`If-Match` does not match: the resource has changed since. Read it again, then decide.',
  },
  payload_too_large: {
    status: 413,
    title: 'Body too large',
    description:
      'The body exceeds the limit of the route, which `detail` names: 64 KiB, 2 MiB for a batch of validations.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    description: 'Send the body as `application/json` in UTF-8, without content encoding such as gzip.',
  },
  validation_failed: {
    status: 422,
    title: 'Invalid input',
    description:
      'One or more fields or parameters break a rule; `errors` names each with its rule, at most 100 of them.',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'Idempotency key used before',
    description:
      'This `Idempotency-Key` was used for another request within the last 24 hours. Use a new key for each request, and repeat a key only to retry.',
  },
  token_too_large: {
    status: 422,
    title: 'Token too large',
    description: 'The signed token would be larger than 8 KiB. Shorten names or lists.',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    description:
      'The rate limit is used up. Wait as many seconds as `Retry-After` says, then send the request again.',
  },
  headers_too_large: {
    status: 431,
    title: 'Headers too large',
    description: 'The request headers are too large. Send fewer or shorter headers, such as cookies.',
  },
  internal_error: {
    status: 500,
    title: 'Internal error',
    description:
      'Something failed on the server. Its log has the reason under the same `request_id`: give that to the operator.',
  },
  transfer_coding_unsupported: {
    status: 501,
    title: 'Transfer coding not supported',
    description:
      'The only transfer coding that is read is `chunked` (RFC 9112 section 6.1). Send the body without `gzip` or another coding in `Transfer-Encoding`.',
  },
  outcome_unknown: {
    status: 503,
    title: 'Outcome unknown',
    description:
      'The database did not confirm the change in time: it was made as a whole, or not at all. Repeat the request with the same `Idempotency-Key`, or with the same `If-Match`: what was made already is not made twice.',
  },
  restore_not_reconciled: {
    status: 503,
    title: 'Restored, not reconciled',
    description:
      'The database was restored to an earlier moment, and later revocations are not known yet: nothing is validated, issued or changed until an administrator has run `aegis restore reconcile`.',
  },
  secrets_key_missing: {
    status: 503,
    title: 'SECRETS_KEY missing',
    description:
      'The keys of webhooks are encrypted with `SECRETS_KEY`, which this server does not have, or not in the version that is needed. The operator of the server sets it.',
  },
  webhook_keys_unreadable: {
    status: 503,
    title: 'Keys of the webhook unreadable',
    description:
      'What is stored of the keys of this webhook is not what the server encrypted for it. Rotate its secret: it then gets new keys.',
  },
  service_unavailable: {
    status: 503,
    title: 'Temporarily unavailable',
    description:
      'The database, the signer or the audit log cannot be reached, or the server is overloaded. Retry after `Retry-After` seconds.',
  },
} satisfies Record<string, ProblemSpec>;

/** Stable name of an error; part of the wire contract. */
export type ErrorCode = keyof typeof catalogue;

/** The one catalogue: status, title and description by code. A code that is missing here does not compile. */
export const PROBLEMS: Readonly<Record<ErrorCode, ProblemSpec>> = catalogue;
