import { assertNotOutdated, OUTDATED, RestoreNotReconciled } from '@aegis/database';
import {
  cleanPaste,
  type Entitlements,
  type ParsedToken,
  parseToken,
  type PasteRemain,
  type SeatsClaim,
} from '@aegis/license-token';
import { KeyRing, type SigningKeyState } from '@aegis/signing';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { License } from '../license.entity';
import { NotAToken, TokenNotOnRecord, type UnrecordedReason } from '../licensing.errors';
import { LicensingService } from '../issue/licensing.service';
import { tokenHash } from '../issue/token-issuer';
import { verifyTokenSignature } from './token-signature';
import { UnrecordedTokens } from './unrecorded-tokens';

/** What one token is, among all that a license has had. */
export interface InspectedToken {
  /** What was removed from the text before it was read. */
  removed: PasteRemain[];
  key_id: string;
  key_state: SigningKeyState;
  revision: number;
  is_newest: boolean;
  superseded_at: Date | null;
  recorded_at: Date;
  /** Its own end, in which a renewed license's older tokens differ; null for a perpetual one. */
  expires_at: Date | null;
  /** What this token says, in which a reissued license's older tokens differ. */
  grace_days: number;
  entitlements: Entitlements;
  /** Null: it asks for no seat. */
  seats: SeatsClaim | null;
}

type TokenRow = Omit<InspectedToken, 'removed' | 'expires_at' | 'grace_days' | 'entitlements' | 'seats'> & {
  license_id: string;
  not_reconciled: boolean;
};

/** Says what a pasted token is, for support. */
@Injectable()
export class TokenInspection {
  constructor(
    private readonly dataSource: DataSource,
    private readonly licensing: LicensingService,
    private readonly keyRing: KeyRing,
    private readonly unrecorded: UnrecordedTokens,
  ) {}

  /**
   * Finds the license of a token, also of an older one.
   * @param text the token with anything that copying added
   * @throws NotAToken (422) for a text that is not a token even when it is cleaned; TokenNotOnRecord (404), which
   * says whether it was damaged, comes from another server, or was signed without this one; RestoreNotReconciled
   */
  async inspect(text: string): Promise<License & { inspected: InspectedToken }> {
    const { token, removed } = cleanPaste(text);
    const parsed = parseToken(token);
    if ('malformed' in parsed) throw new NotAToken(parsed.malformed);
    const sha256 = tokenHash(token);
    const [row] = await this.dataSource.query<TokenRow[]>(
      `SELECT t.license_id, t.key_id, k.state AS key_state, t.revision, t.revision = l.revision AS is_newest,
              t.superseded_at, t.recorded_at, ${OUTDATED} AS not_reconciled
         FROM license_tokens t
         JOIN licenses l ON l.id = t.license_id
         JOIN signing_keys k ON k.kid = t.key_id
        WHERE t.sha256 = $1`,
      [sha256],
    );
    if (row === undefined) {
      // It may have been issued after the moment that was restored.
      await assertNotOutdated(this.dataSource);
      throw new TokenNotOnRecord(await this.whyUnrecorded(parsed, sha256));
    }
    const { license_id, not_reconciled, ...facts } = row;
    if (not_reconciled) throw new RestoreNotReconciled();
    const { exp, grace_days = 0, entitlements = {}, seats = null } = parsed.claims;
    const expires_at = exp === undefined ? null : new Date(exp * 1000);
    return Object.assign(await this.licensing.find(license_id), {
      inspected: { removed, ...facts, expires_at, grace_days, entitlements, seats },
    });
  }
  private async whyUnrecorded(parsed: ParsedToken, sha256: Buffer): Promise<UnrecordedReason> {
    const { header, claims } = parsed;
    const signature = await verifyTokenSignature(this.keyRing, parsed);
    switch (signature) {
      case 'unknown_key':
        return { signature };
      case 'signature_invalid': {
        const [named] = await this.dataSource.query<{ id: string }[]>(
          'SELECT id FROM licenses WHERE id = $1',
          [claims.jti],
        );
        return { signature, licenseId: named?.id ?? null };
      }
      case 'holds': {
        const [key] = await this.dataSource.query<{ state: SigningKeyState }[]>(
          'SELECT state FROM signing_keys WHERE kid = $1',
          [header.kid],
        );
        const keyCompromised = key?.state === 'compromised';
        this.unrecorded.report({ sha256, kid: header.kid, claims, keyCompromised });
        return { signature, keyCompromised };
      }
    }
  }
}
