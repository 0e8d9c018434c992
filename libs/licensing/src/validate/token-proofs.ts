import { type LicenseClaims, parseToken, shownToken } from '@aegis/license-token';
import { type Counter, Metrics } from '@aegis/metrics';
import { KeyRing, VerifiedSignatures } from '@aegis/signing';
import { Injectable } from '@nestjs/common';
import { tokenHash } from '../issue/token-issuer';
import { verifyTokenSignature } from './token-signature';

/** A token whose signature held: what it says, and which key signed it. */
export interface ProvenLicense {
  kid: string;
  claims: LicenseClaims;
}

/** How far a token could be proven. */
export type Proof =
  { proof: 'malformed' | 'unknown_key' | 'signature_invalid' } | { proof: 'holds'; token: ProvenLicense };

/** A token that was shown. */
export interface ShownToken {
  sha256: Buffer;
  proof: Proof;
}

/** Proves the signatures of shown license tokens; remembers those that held. */
@Injectable()
export class TokenProofs {
  private readonly verified = new VerifiedSignatures<ProvenLicense>(20_000);
  private readonly lookups: Counter<'result'>;

  constructor(
    private readonly keyRing: KeyRing,
    metrics: Metrics,
  ) {
    this.lookups = metrics.counter(
      {
        name: 'aegis_signature_cache_total',
        help: 'Validated tokens, by whether their signature was known to be valid (hit) or had to be checked (miss).',
        labelNames: ['result'],
      },
      [{ result: 'hit' }, { result: 'miss' }],
    );
  }

  /** @param shown as it was received; white space around it is ignored */
  async prove(shown: string): Promise<ShownToken> {
    const token = shownToken(shown);
    const sha256 = tokenHash(token);
    return { sha256, proof: this.recall(sha256) ?? (await this.verify(token, sha256)) };
  }

  private recall(sha256: Buffer): Proof | undefined {
    const token = this.verified.recall(sha256.toString('latin1'));
    if (!token) return undefined;
    this.lookups.inc({ result: 'hit' });
    return { proof: 'holds', token };
  }

  private async verify(token: string, sha256: Buffer): Promise<Proof> {
    const parsed = parseToken(token);
    if ('malformed' in parsed) return { proof: 'malformed' };
    const proof = await verifyTokenSignature(this.keyRing, parsed);
    if (proof !== 'unknown_key') this.lookups.inc({ result: 'miss' });
    if (proof !== 'holds') return { proof };
    const proven = { kid: parsed.header.kid, claims: parsed.claims };
    this.verified.remember(sha256.toString('latin1'), proven);
    return { proof: 'holds', token: proven };
  }
}
