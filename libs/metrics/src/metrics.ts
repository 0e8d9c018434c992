import { PRODUCT_VERSION } from '@aegis/config';
import { VERDICT_CODES, type VerdictCode } from '@aegis/license-token';
import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Why a request was not authenticated; `unavailable`: its key could not be checked. */
export type AuthenticationFailure = 'missing' | 'conflicting' | 'refused' | 'unavailable';
/** What asks the database in batches. */
export type BatchName = 'api_keys' | 'validations';
/** What is wrong with the audit trail's end, as the server itself sees it. */
export type TrailAlarm = 'untrusted_checkpoint' | 'unsealable_records' | 'record_too_large';

/**
 * How the making of a signature ended. `refused`: not tried, the signer was unavailable; `failed`: an error or no sense;
 * `invalid`: it did not hold under the public key.
 */
export type SignatureResult = 'made' | 'refused' | 'timeout' | 'failed' | 'invalid';
/** `open`: nothing is sent to the signer; `half_open`: one request tries whether it is back. */
export type BreakerState = 'closed' | 'open' | 'half_open';

/** A signing key on record, and since when it is in its state. */
export interface KeyAge {
  kid: string;
  state: 'pending' | 'active' | 'retired' | 'compromised';
  since: Date;
}

/** Connections of the pool, and callers who wait for one. */
export type PoolUse = Readonly<Record<'idle' | 'busy' | 'waiting', number>>;

const FAILURES = [
  'missing',
  'conflicting',
  'refused',
  'unavailable',
] as const satisfies AuthenticationFailure[];
const TRAIL_ALARMS = [
  'untrusted_checkpoint',
  'unsealable_records',
  'record_too_large',
] as const satisfies TrailAlarm[];
const SIGNATURE_RESULTS = [
  'made',
  'refused',
  'timeout',
  'failed',
  'invalid',
] as const satisfies SignatureResult[];
const BREAKER_STATES = ['closed', 'open', 'half_open'] as const satisfies BreakerState[];
const POLICIES = ['default', 'validate', 'public', 'license'];
/** The caller chooses the method: any other than these would be a series more. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** From a key in memory to the time-out of a remote signer. */
const SIGNATURE_SECONDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
];
const BATCH_SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500];

/**
 * What the process counts and measures, for Prometheus; each is explained in docs/metrics.md. Series whose labels
 * are known begin at 0, so that the first increase is seen.
 */
@Injectable()
export class Metrics {
  /** Of this process alone; two servers in one process, as in tests, do not mix. */
  readonly registry = new Registry();
  private readonly registers = [this.registry];
  private ageOfStatusLists: () => number = () => 0;
  private poolUse: () => PoolUse = () => ({ idle: 0, busy: 0, waiting: 0 });

  private readonly requests = new Histogram({
    name: 'aegis_http_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer, by method, route pattern and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers: this.registers,
  });

  private readonly verdicts = new Counter({
    name: 'aegis_verdicts_total',
    help: 'Validated tokens, by the code of the verdict.',
    labelNames: ['code'],
    registers: this.registers,
  });

  private readonly signatureLookups = new Counter({
    name: 'aegis_signature_cache_total',
    help: 'Validated tokens, by whether their signature was known to be valid (hit) or had to be checked (miss).',
    labelNames: ['result'],
    registers: this.registers,
  });

  private readonly batches = new Histogram({
    name: 'aegis_batch_size',
    help: 'Requests that one batch of statements answered.',
    labelNames: ['batch'],
    buckets: BATCH_SIZES,
    registers: this.registers,
  });

  private readonly authenticationFailures = new Counter({
    name: 'aegis_authentication_failures_total',
    help: 'Requests that were not authenticated, by reason.',
    labelNames: ['reason'],
    registers: this.registers,
  });

  private readonly rateLimitStorageFailures = new Counter({
    name: 'aegis_rate_limit_storage_failures_total',
    help: 'Requests that could not be counted in Redis; always 0 without REDIS_URL.',
    registers: this.registers,
  });

  private readonly rateLimitRefusals = new Counter({
    name: 'aegis_rate_limit_refusals_total',
    help: 'Requests refused with 429, by the policy whose limit they exceeded.',
    labelNames: ['policy'],
    registers: this.registers,
  });

  private readonly signatures = new Histogram({
    name: 'aegis_signature_duration_seconds',
    help: 'Time until a signature was made and verified, or failed, by result.',
    labelNames: ['result'],
    buckets: SIGNATURE_SECONDS,
    registers: this.registers,
  });

  private readonly breaker = new Gauge({
    name: 'aegis_signer_breaker_state',
    help: '1 for the state that the circuit breaker before the signer is in, 0 for the others.',
    labelNames: ['state'],
    registers: this.registers,
  });

  private readonly checkpointLag = new Gauge({
    name: 'aegis_checkpoint_lag_seconds',
    help: 'Age of the oldest audit record that no checkpoint seals yet; 0 when all are sealed.',
    registers: this.registers,
  });

  private readonly trailAlarms = new Gauge({
    name: 'aegis_audit_trail_alarm',
    help: '1 while a problem with the audit trail prevents sealing, by reason.',
    labelNames: ['reason'],
    registers: this.registers,
  });

  private readonly shippingLag = new Gauge({
    name: 'aegis_checkpoint_shipping_lag_seconds',
    help: 'Age of the oldest checkpoint that CHECKPOINT_SINK has not acknowledged; 0 when it has all.',
    registers: this.registers,
  });

  private readonly oldestTransaction = new Gauge({
    name: 'aegis_oldest_write_transaction_seconds',
    help: 'Age of the oldest write transaction that this role can see: no audit record after it is sealed.',
    registers: this.registers,
  });

  private readonly statusListRebuilds = new Histogram({
    name: 'aegis_status_list_rebuild_seconds',
    help: 'Time to read, compress and sign the status lists that were due at once.',
    buckets: SECONDS,
    registers: this.registers,
  });

  private readonly keySince = new Gauge({
    name: 'aegis_signing_key_since_timestamp_seconds',
    help: 'When each signing key entered its state, in seconds since 1970.',
    labelNames: ['kid', 'state'],
    registers: this.registers,
  });

  private readonly canSign = new Gauge({
    name: 'aegis_signing_ready',
    help: 'Whether this process can sign with the active key: 1, or 0.',
    registers: this.registers,
  });

  private readonly keysNotified = new Gauge({
    name: 'aegis_signing_keys_told',
    help: 'Whether this process is notified of changed signing keys: 1, or 0 while it polls for them instead.',
    registers: this.registers,
  });

  private readonly keySetExpiry = new Gauge({
    name: 'aegis_signed_key_set_expiry_timestamp_seconds',
    help: 'When the signed key set expires, in seconds since 1970; 0 without a key set.',
    registers: this.registers,
  });

  private readonly keySetCurrent = new Gauge({
    name: 'aegis_signed_key_set_current',
    help: 'Whether the signed key set agrees with the database about the keys: 1, or 0.',
    registers: this.registers,
  });

  private readonly resigned = new Counter({
    name: 'aegis_tokens_signed_anew_total',
    help: 'Tokens that were signed again because the active key changed in the meantime.',
    registers: this.registers,
  });

  constructor() {
    for (const code of VERDICT_CODES) this.verdicts.inc({ code }, 0);
    for (const result of ['hit', 'miss']) this.signatureLookups.inc({ result }, 0);
    for (const reason of FAILURES) this.authenticationFailures.inc({ reason }, 0);
    for (const reason of TRAIL_ALARMS) this.trailAlarm(reason, false);
    for (const result of SIGNATURE_RESULTS) this.signatures.zero({ result });
    this.signerBreakerIs('closed');
    for (const policy of POLICIES) this.rateLimitRefusals.inc({ policy }, 0);
    new Gauge({
      name: 'aegis_build_info',
      help: 'Always 1; its label names the version that runs.',
      labelNames: ['version'],
      registers: this.registers,
    }).set({ version: PRODUCT_VERSION }, 1);
    const age = new Gauge({
      name: 'aegis_status_list_age_seconds',
      help: 'Age of the oldest status list that is served; 0 while no list is served.',
      registers: this.registers,
      collect: () => {
        age.set(this.ageOfStatusLists());
      },
    });
    const connections = new Gauge<'state'>({
      name: 'aegis_database_connections',
      help: 'Connections of the pool that are idle or busy, and callers waiting for one.',
      labelNames: ['state'],
      registers: this.registers,
      collect: () => {
        for (const [state, count] of Object.entries(this.poolUse())) connections.set({ state }, count);
      },
    });
  }

  /**
   * @param route the pattern that matched, e.g. `/api/v1/licenses/:id`, never a path; undefined when none did
   * @param status of the answer; undefined when the caller left before there was one
   */
  requestEnded(method: string, route: string | undefined, status: number | undefined, seconds: number): void {
    this.requests.observe(
      {
        method: METHODS.has(method) ? method : 'other',
        route: route ?? 'unmatched',
        status: status ?? 'aborted',
      },
      seconds,
    );
  }

  verdictGiven(code: VerdictCode): void {
    this.verdicts.inc({ code });
  }

  signatureLookedUp(result: 'hit' | 'miss'): void {
    this.signatureLookups.inc({ result });
  }

  batchRan(batch: BatchName, size: number): void {
    this.batches.observe({ batch }, size);
  }

  authenticationFailed(reason: AuthenticationFailure): void {
    this.authenticationFailures.inc({ reason });
  }

  /** A request could not be counted where all processes count. */
  rateLimitStorageFailed(): void {
    this.rateLimitStorageFailures.inc();
  }

  /** @param policy name of the limit, as in the header `RateLimit-Policy` */
  rateLimitRefused(policy: string): void {
    this.rateLimitRefusals.inc({ policy });
  }

  signatureEnded(result: SignatureResult, seconds: number): void {
    this.signatures.observe({ result }, seconds);
  }

  signerBreakerIs(now: BreakerState): void {
    for (const state of BREAKER_STATES) this.breaker.set({ state }, state === now ? 1 : 0);
  }

  /**
   * @param lag age of the oldest audit record that is not sealed, in seconds
   * @param oldestTransaction age of the oldest write transaction, in seconds
   */
  trailSealed(lag: number, oldestTransaction: number): void {
    this.checkpointLag.set(lag);
    this.oldestTransaction.set(oldestTransaction);
  }

  trailAlarm(reason: TrailAlarm, on: boolean): void {
    this.trailAlarms.set({ reason }, on ? 1 : 0);
  }

  statusListsRebuilt(seconds: number): void {
    this.statusListRebuilds.observe(seconds);
  }

  /** @param read age of the oldest list that is served, in seconds; asked at each scrape */
  watchStatusLists(read: () => number): void {
    this.ageOfStatusLists = read;
  }

  /** @param lag age of the oldest checkpoint that the sink has not acknowledged, in seconds */
  checkpointsShipped(lag: number): void {
    this.shippingLag.set(lag);
  }

  /**
   * @param canSign whether this process can sign with the active key
   * @param keys all on record
   */
  signingKeysSeen(canSign: boolean, keys: readonly KeyAge[]): void {
    this.canSign.set(canSign ? 1 : 0);
    this.keySince.reset();
    for (const { kid, state, since } of keys) this.keySince.set({ kid, state }, since.getTime() / 1000);
  }

  /** @param live whether this process is notified of changed signing keys */
  signingKeysNotified(live: boolean): void {
    this.keysNotified.set(live ? 1 : 0);
  }

  /**
   * @param expiry of the signed key set, in seconds since 1970; 0 when there is none
   * @param current whether it says the same as the database
   */
  signedKeySetSeen(expiry: number, current: boolean): void {
    this.keySetExpiry.set(expiry);
    this.keySetCurrent.set(current ? 1 : 0);
  }

  /** A token was signed again: another key is active. */
  tokenSignedAnew(): void {
    this.resigned.inc();
  }

  /** @param read asked at each scrape */
  watchPool(read: () => PoolUse): void {
    this.poolUse = read;
  }
}
