import { KeyRing, SIGNER_SOURCE, type SignerSource } from '@aegis/signing';
import { Inject, Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';

/** Whether licenses can be signed now. */
@Injectable()
export class SigningHealth {
  constructor(
    private readonly keyRing: KeyRing,
    @Inject(SIGNER_SOURCE) private readonly signers: SignerSource,
    private readonly indicators: HealthIndicatorService,
  ) {}

  check(): HealthIndicatorResult<'signing'> {
    const indicator = this.indicators.check('signing');
    return this.keyRing.canSign && this.signers.isAway !== true ? indicator.up() : indicator.down();
  }
}
