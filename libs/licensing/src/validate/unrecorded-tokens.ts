import type { LicenseClaims } from '@aegis/license-token';
import { Logger } from '@aegis/logging';
import { type Counter, Metrics } from '@aegis/metrics';
import { Injectable } from '@nestjs/common';

/** A token whose signature is valid, and which is not on record. */
export interface UnrecordedToken {
  sha256: Buffer;
  kid: string;
  claims: LicenseClaims;
  /** Whether the key that signed it was declared compromised: then the leak is known. */
  keyCompromised: boolean;
}

/** Tokens that were logged and are not logged again. */
const REMEMBERED = 1000;

/**
 * Reports tokens with a valid signature that are not on record. The server puts each token on record before it leaves, so
 * this is the sign of a stolen signing key, or of records that were lost.
 */
@Injectable()
export class UnrecordedTokens {
  private readonly logged = new Set<string>();
  private readonly count: Counter<'key'>;

  constructor(
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.count = metrics.counter(
      {
        name: 'aegis_unrecorded_tokens_total',
        help: 'Tokens that were shown with a valid signature and are not on record, by whether the key is trusted or compromised.',
        labelNames: ['key'],
      },
      [{ key: 'trusted' }, { key: 'compromised' }],
    );
  }

  /** Counts it each time, and logs it once: anyone who has such a token can show it as often as they like. */
  report({ sha256, kid, claims, keyCompromised }: UnrecordedToken): void {
    this.count.inc({ key: keyCompromised ? 'compromised' : 'trusted' });
    const name = sha256.toString('hex');
    if (this.logged.has(name)) return;
    if (this.logged.size >= REMEMBERED) this.logged.clear();
    this.logged.add(name);
    this.logger.write(
      'warn',
      'a token with a valid signature is not on record: a signing key was used without this server, or records were lost',
      { kid, license_id: claims.jti, token_sha256: name, key_compromised: keyCompromised },
    );
  }
}
