import { Environment } from '@aegis/config';
import { ACTIVATION_TYPE, activationClaims } from '@aegis/license-token';
import { KeyRing, signCompact } from '@aegis/signing';
import { statusListUri } from '@aegis/status-lists';
import { Injectable } from '@nestjs/common';
import type { HeldRow } from '../activation-rows';

/** Signs activation tokens. */
@Injectable()
export class ActivationTokens {
  constructor(
    private readonly keyRing: KeyRing,
    private readonly environment: Environment,
  ) {}

  /**
   * Signs the token of a seat that is held, after that is durable.
   * @param row just written: the token's time and end are those of the row
   * @param nonce of the offline request that it answers
   * @throws SignerUnavailable
   */
  async sign(row: HeldRow, nonce: string | null = null): Promise<string> {
    const { LICENSE_ISSUER: issuer, PUBLIC_URL: publicUrl } = this.environment;
    const signer = await this.keyRing.signer();
    const claims = activationClaims({
      issuer,
      activationId: row.id,
      licenseId: row.license_id,
      fp: row.fp.toString('hex'),
      fence: Number(row.fence),
      signedAt: row.last_seen_at,
      endsAt: row.token_ends_at,
      nonce,
      status:
        row.status_list === null || row.status_index === null
          ? null
          : { idx: row.status_index, uri: statusListUri(publicUrl, row.status_list) },
    });
    return signCompact(signer, { typ: ACTIVATION_TYPE }, claims);
  }
}
