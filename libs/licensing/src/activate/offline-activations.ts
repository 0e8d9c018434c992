import {
  type Admissions,
  ActivationTokens,
  activationView,
  type ActivationView,
  OfflineFiles,
} from '@aegis/activations';
import type { Actor } from '@aegis/audit';
import { Environment } from '@aegis/config';
import { PreparedStatement } from '@aegis/database';
import { InvalidInput } from '@aegis/errors';
import { type OfflineFile, type OfflineRequest, parseOfflineRequest } from '@aegis/license-token';
import { KeyRing } from '@aegis/signing';
import { placeIn } from '@aegis/status-lists';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { LicenseNotFound } from '../licensing.errors';
import { TokenProofs } from '../validate/token-proofs';
import { SEAT_ADMISSIONS } from './seat-admissions';
import type { TokenForSeat } from './seat-judge';

/** What a machine without a network gets. */
export interface OfflineActivation {
  activation: ActivationView;
  file: OfflineFile;
  /** From then on the file is no longer valid. */
  expiresAt: Date;
  /** Of the key set in the file; null if the file has no key set. From then on a newer one is needed. */
  keySetExpiresAt: Date | null;
}

/** The newest token of a license, and what its records name. */
interface NewestToken {
  now: Date;
  token: string | null;
  key_id: string;
  customer_id: string;
  module_name: string;
}

const NEWEST = new PreparedStatement<NewestToken>(
  'offline-newest-token',
  `SELECT date_trunc('milliseconds', clock_timestamp()) AS now, token, key_id, customer_id, module_name
   FROM licenses WHERE id = $1`,
);

/** Gives seats to machines without a network: by a request that somebody brings, and a file that is brought back. */
@Injectable()
export class OfflineActivations {
  constructor(
    private readonly dataSource: DataSource,
    private readonly proofs: TokenProofs,
    @Inject(SEAT_ADMISSIONS) private readonly admissions: Admissions<TokenForSeat>,
    private readonly tokens: ActivationTokens,
    private readonly files: OfflineFiles,
    private readonly keyRing: KeyRing,
    private readonly environment: Environment,
  ) {}

  /**
   * Gives the installation that made a request a seat until the end of the file, or lets the one that it holds last so
   * long, and makes the file. The caller is judged again in the transaction.
   * @param text the request, as somebody typed it
   * @param validDays of 86,400 seconds, 1 to `MAX_FILE_DAYS`
   * @throws LicenseNotFound; InvalidInput for a text that is not a request, or is one of another license; KeySetOutdated;
   * LicenseNotValid, SeatsNotCounted, SeatsExhausted, MovesExhausted; SignerUnavailable: where that comes after the
   * admission, the seat is held, and a repetition gets the file
   */
  async make(actor: Actor, licenseId: string, text: string, validDays: number): Promise<OfflineActivation> {
    const [newest] = await NEWEST.run(this.dataSource, [licenseId]);
    if (!newest) throw new LicenseNotFound(licenseId);
    const request = requestFor(licenseId, text);
    const {
      now,
      token: licenseToken,
      key_id: keyId,
      customer_id: customerId,
      module_name: moduleName,
    } = newest;
    const signer = await this.keyRing.signer();
    const keySet = await this.files.keySet([keyId, signer.kid], now);
    const shown = await this.proofs.prove(licenseToken ?? '');
    const { row } = await this.admissions.admitFor({
      actor,
      subject: { licenseId, customerId, moduleName },
      fp: Buffer.from(request.fp, 'hex'),
      name: null,
      takeOver: null,
      fileDays: validDays,
      presented: { ...shown, question: null },
    });
    const activationToken = await this.tokens.sign(row, request.nonce);
    const licensePlace =
      shown.proof.proof === 'holds'
        ? placeIn(this.environment.PUBLIC_URL, shown.proof.token.claims.status)
        : null;
    const lists = [licensePlace?.list ?? null, row.status_list].filter((list) => list !== null);
    const file = await this.files.make({ licenseToken: licenseToken ?? '', activationToken, lists }, keySet);
    return {
      activation: activationView(row, row.lasts_seconds),
      file,
      expiresAt: row.token_ends_at,
      keySetExpiresAt: keySet && new Date(keySet.keySet.exp * 1000),
    };
  }
}

/** @throws InvalidInput */
function requestFor(licenseId: string, text: string): OfflineRequest {
  const request = parseOfflineRequest(text);
  if ('refused' in request) throw new InvalidInput([{ field: 'request', message: request.rule }]);
  if (request.license_id !== licenseId.toLowerCase())
    throw new InvalidInput([{ field: 'request', message: 'is of another license' }]);
  return request;
}
