import { cleanPaste, parseToken, type PasteRemain } from '@aegis/license-token';
import type { SigningKeyState } from '@aegis/signing';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { License } from '../license.entity';
import { NotAToken, TokenNotOnRecord } from '../licensing.errors';
import { LicensingService } from '../issue/licensing.service';
import { tokenHash } from '../issue/token-issuer';

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
}

type TokenRow = Omit<InspectedToken, 'removed' | 'expires_at'> & { license_id: string };

/** Says what a pasted token is, for support. */
@Injectable()
export class TokenInspection {
  constructor(
    private readonly dataSource: DataSource,
    private readonly licensing: LicensingService,
  ) {}

  /**
   * The license that a token belongs to, also an older token.
   * @param text the token with whatever copying added
   * @throws NotAToken (422) for what is not a token when it is cleaned; TokenNotOnRecord (404)
   */
  async inspect(text: string): Promise<License & { inspected: InspectedToken }> {
    const { token, removed } = cleanPaste(text);
    const parsed = parseToken(token);
    if ('malformed' in parsed) throw new NotAToken(parsed.malformed);
    const [row] = await this.dataSource.query<TokenRow[]>(
      `SELECT t.license_id, t.key_id, k.state AS key_state, t.revision, t.revision = l.revision AS is_newest,
              t.superseded_at, t.recorded_at
         FROM license_tokens t
         JOIN licenses l ON l.id = t.license_id
         JOIN signing_keys k ON k.kid = t.key_id
        WHERE t.sha256 = $1`,
      [tokenHash(token)],
    );
    if (row === undefined) throw new TokenNotOnRecord();
    const { license_id, ...facts } = row;
    const { exp } = parsed.claims;
    const expires_at = exp === undefined ? null : new Date(exp * 1000);
    return Object.assign(await this.licensing.find(license_id), {
      inspected: { removed, ...facts, expires_at },
    });
  }
}
