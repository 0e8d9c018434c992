import { Environment } from '@aegis/config';
import { currentRequest } from '@aegis/logging';
import { type Counter, Metrics } from '@aegis/metrics';
import { Inject, Injectable } from '@nestjs/common';
import { normalizeIp, ThrottlerStorage } from '@nestjs/throttler';
import type { Request, Response } from 'express';
import type { RateLimitGroup } from '../callers/route-access';
import type { AuthenticatedKey } from '@aegis/access';
import { credentialOf } from '../callers/identification';
import {
  type Quota,
  RateLimited,
  RateLimitsUnavailable,
  type WeightedThrottlerStorage,
} from '@aegis/rate-limits';
import { factsOf } from '../edge/request-facts';

const WINDOW_SECONDS = 60;

const BATCH_ITEMS = 'batch-items';
const SESSION = 'session';
const WEBHOOK_TESTS = 'webhook-tests';
/** Who tries a receiver by hand needs few; each makes the server send a request. */
const WEBHOOK_TESTS_LIMIT = 10;

/** IPv4 addresses as translators write them (RFC 6052, RFC 8215): all of IPv4 is in one /64. */
const TRANSLATED_IPV4 = /^64:ff9b:/i;

/** Counts requests against the limits, and says on each answer what is left. */
@Injectable()
export class RateLimiter {
  private readonly limits: Readonly<Record<Exclude<RateLimitGroup, 'exempt' | 'activations'>, number>>;
  private readonly sessionLimit: number;
  private readonly licenseLimit: number;
  private readonly batchItemsLimit: number;
  private readonly admissionsLimit: number;
  private readonly heartbeatsLimit: number;
  private readonly enabled: boolean;
  private readonly refusals: Counter<'policy'>;

  constructor(
    environment: Environment,
    @Inject(ThrottlerStorage) private readonly storage: WeightedThrottlerStorage,
    metrics: Metrics,
  ) {
    this.refusals = metrics.counter(
      {
        name: 'aegis_rate_limit_refusals_total',
        help: 'Requests refused with 429, by the policy whose limit they exceeded.',
        labelNames: ['policy'],
      },
      [
        'default',
        'validate',
        'public',
        'license',
        SESSION,
        BATCH_ITEMS,
        'admissions',
        'activation',
        WEBHOOK_TESTS,
      ].map((policy) => ({ policy })),
    );
    this.enabled = environment.RATE_LIMIT_ENABLED;
    this.limits = {
      default: environment.RATE_LIMIT_DEFAULT,
      validate: environment.RATE_LIMIT_VALIDATE,
      public: environment.RATE_LIMIT_PUBLIC,
    };
    this.sessionLimit = environment.RATE_LIMIT_SESSION;
    this.licenseLimit = environment.RATE_LIMIT_LICENSE;
    this.batchItemsLimit = environment.RATE_LIMIT_BATCH_ITEMS;
    this.admissionsLimit = environment.RATE_LIMIT_ADMISSIONS;
    this.heartbeatsLimit = environment.RATE_LIMIT_ACTIVATION;
  }

  /**
   * Counts a request against its caller's bucket: the authenticated key's, else the address's (IPv6: its /64). Those of
   * all sessions of a key have one bucket in place of the groups'; a key's own limit counts them in addition.
   * @throws RateLimited when a bucket is used up, RateLimitsUnavailable when that is unknown; the headers are set then too
   */
  async count(
    request: Request,
    response: Response,
    group: Exclude<RateLimitGroup, 'activations'>,
  ): Promise<void> {
    const facts = factsOf(request);
    if (facts.counted) return;
    facts.counted = true;
    if (group === 'exempt' || !this.enabled) return;

    const key = keyOf(request);
    const ownLimit = key?.rateLimitPerMinute ?? null;
    // A key's own limit is one bucket for everything that the key does.
    const policy = ownLimit === null ? group : 'default';
    const limit = ownLimit ?? this.limits[group];
    const isBySession = key !== undefined && key.sessionId !== null;
    const quotas = [
      ...(isBySession ? [await this.hit(SESSION, bucketOf(key), this.sessionLimit)] : []),
      ...(isBySession && ownLimit === null ? [] : [await this.hit(policy, bucketOf(key), limit)]),
    ];
    facts.quotas = quotas;
    announce(response, quotas);
  }

  /**
   * Counts a validation against its license, except for a key whose own limit is above the default: only an
   * administrator can set such a limit. With any lower limit, a caller could make a key that bypasses the license's
   * limit.
   * @param response of the request that was counted already; its headers then show the rest of both limits
   * @param license identifies the license of the validation
   * @throws RateLimited when its bucket is used up, RateLimitsUnavailable when that is unknown; the headers are set
   * then too
   */
  async chargeLicense(response: Response, license: string): Promise<void> {
    if (!this.enabled) return;
    const ownLimit = keyOf(response.req)?.rateLimitPerMinute ?? 0;
    if (ownLimit > this.limits.default) return;
    const quota = await this.hit('license', license, this.licenseLimit);
    announce(response, [...(factsOf(response.req).quotas ?? []), quota]);
  }

  /**
   * Counts a request for a seat against its license, in place of its address: a fleet behind one address works.
   * @param licenseId of a token that was found valid: one that was withdrawn uses up nothing of the others
   * @throws as `chargeLicense`
   */
  chargeAdmission(response: Response, licenseId: string): Promise<void> {
    return this.chargeInstead(response, 'admissions', licenseId, this.admissionsLimit);
  }

  /**
   * Counts a request of an installation against its activation, in place of its address.
   * @param activationId that token and fingerprint of the request belong to
   * @throws as `chargeLicense`
   */
  chargeActivation(response: Response, activationId: string): Promise<void> {
    return this.chargeInstead(response, 'activation', activationId, this.heartbeatsLimit);
  }

  /**
   * Counts a test against its webhook too: each sends a request to somewhere else.
   * @param response of the request that was counted already; its headers then show the rest of both limits
   * @throws as `chargeLicense`
   */
  async chargeWebhookTest(response: Response, webhookId: string): Promise<void> {
    if (!this.enabled) return;
    const quota = await this.hit(WEBHOOK_TESTS, webhookId, WEBHOOK_TESTS_LIMIT);
    announce(response, [...(factsOf(response.req).quotas ?? []), quota]);
  }

  private async chargeInstead(
    response: Response,
    policy: string,
    bucket: string,
    limit: number,
  ): Promise<void> {
    factsOf(response.req).counted = true;
    if (!this.enabled) return;
    announce(response, [await this.hit(policy, bucket, limit)]);
  }

  /**
   * Charges the items of a batch to a separate bucket of the caller's key. A key's own limit does not replace it,
   * because that limit counts requests. A batch that does not fit is not charged.
   * @param response of the request that was counted already; its headers then show the rest of both limits
   * @param items number of different items: how many requests they would be one by one
   * @throws RateLimited when they do not all fit, RateLimitsUnavailable when that is unknown; the headers are set
   * then too
   */
  async chargeBatch(response: Response, items: number): Promise<void> {
    if (!this.enabled) return;
    const bucket = bucketOf(keyOf(response.req));
    const quota = await this.hit(BATCH_ITEMS, bucket, this.batchItemsLimit, items);
    const { limit, remaining } = quota;
    const detail =
      items > limit
        ? `This batch has ${items} different items, and ${limit} per minute are allowed: it can never succeed. Send smaller batches.`
        : `This batch has ${items} different items, and ${remaining} of ${limit} per minute are left. Wait as long as \`Retry-After\` says, or send a smaller batch.`;
    announce(response, [...(factsOf(response.req).quotas ?? []), quota], detail);
  }

  private hit(policy: string, bucket: string, limit: number, weight = 1): Promise<Quota> {
    const milliseconds = WINDOW_SECONDS * 1000;
    return this.storage.increment(bucket, milliseconds, limit, milliseconds, policy, weight).then(
      (record) => {
        if (record.isBlocked) this.refusals.inc({ policy });
        return {
          policy,
          limit,
          remaining: Math.max(0, limit - record.totalHits),
          resetSeconds: record.isBlocked ? record.timeToBlockExpire : record.timeToExpire,
          exceeded: record.isBlocked,
        };
      },
      (error: unknown) => {
        if (!(error instanceof RateLimitsUnavailable)) throw error;
        // Nothing is left to the caller until the storage is asked again.
        const resetSeconds = error.retryAfterSeconds;
        return { policy, limit, remaining: 0, resetSeconds, exceeded: true, unavailable: error };
      },
    );
  }
}

/** The bucket of an authenticated key, else of the address that the request comes from. */
function bucketOf(key: AuthenticatedKey | undefined): string {
  if (key !== undefined) return `key:${key.id}`;
  const ip = currentRequest()?.ip ?? '';
  return `ip:${normalizeIp(ip, TRANSLATED_IPV4.test(ip) ? 128 : 64)}`;
}

function keyOf(request: Request): AuthenticatedKey | undefined {
  const credential = credentialOf(request);
  return credential.kind === 'key' ? credential.key : undefined;
}

/**
 * Sets the headers (draft-ietf-httpapi-ratelimit-headers, and the older X-RateLimit ones for the tighter limit).
 * @param detail what a refusal says
 * @throws RateLimited when one of the limits is exceeded, RateLimitsUnavailable when that is unknown
 */
function announce(response: Response, quotas: readonly Quota[], detail?: string): void {
  let policies = '';
  let states = '';
  let tightest: Quota | undefined;
  for (const quota of quotas) {
    const separator = policies === '' ? '' : ', ';
    policies += `${separator}"${quota.policy}";q=${quota.limit};w=${WINDOW_SECONDS}`;
    states += `${separator}"${quota.policy}";r=${quota.remaining};t=${quota.resetSeconds}`;
    if (tightest === undefined || quota.remaining < tightest.remaining || quota.exceeded) tightest = quota;
  }
  if (tightest === undefined) return;
  response.setHeader('RateLimit-Policy', policies);
  response.setHeader('RateLimit', states);
  response.setHeader('X-RateLimit-Limit', tightest.limit);
  response.setHeader('X-RateLimit-Remaining', tightest.remaining);
  response.setHeader('X-RateLimit-Reset', tightest.resetSeconds);
  if (tightest.exceeded) throw tightest.unavailable ?? new RateLimited(tightest.resetSeconds, detail);
}
