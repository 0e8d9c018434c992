import {
  Activation,
  activationList,
  KeySetOutdated,
  OfflineFiles,
  readSeatsInUse,
  type SeatsInUse,
} from '@aegis/activations';
import { PreparedStatement } from '@aegis/database';
import { InvalidInput } from '@aegis/errors';
import { type OfflineRequest, parseOfflineRequest, type Verdict } from '@aegis/license-token';
import { KeyRing, SignerUnavailable } from '@aegis/signing';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type LicenseStatus, statusSql } from '../state/license-status';
import { TokenProofs } from '../validate/token-proofs';
import { SeatJudge } from './seat-judge';

/** What an offline activation would answer now: `ready`, or the code of the error. */
export const REQUEST_OUTCOMES = [
  'ready',
  'license_not_found',
  'service_unavailable',
  'key_set_outdated',
  'license_not_valid',
  'seats_not_counted',
  'seats_exhausted',
] as const;
export type RequestOutcome = (typeof REQUEST_OUTCOMES)[number];

/** A request of a machine without a network, and what the server knows of it. */
export interface InspectedRequest {
  license_id: string;
  fingerprint_prefix: string;
  /** By the clock of the machine. */
  requested_at: Date;
  outcome: RequestOutcome;
  /** Null where there is no such license. */
  license: { module_name: string; status: LicenseStatus } | null;
  /** About the newest token of the license, in the right place; null where there is no such license. */
  verdict: Pick<Verdict, 'code' | 'error'> | null;
  /** Null where seats are not counted. */
  seats: SeatsInUse | null;
  /** The last one of this machine; null where it has none. */
  activation: Activation | null;
}

interface NamedLicense {
  now: Date;
  token: string | null;
  key_id: string;
  module_name: string;
  status: LicenseStatus;
}

const NAMED = new PreparedStatement<NamedLicense>(
  'offline-named-license',
  `SELECT date_trunc('milliseconds', clock_timestamp()) AS now, license.token, license.key_id, license.module_name,
          ${statusSql('license')} AS status
   FROM licenses AS license WHERE license.id = $1`,
);

/** Says what an offline request is and what would become of it, for support; it changes nothing. */
@Injectable()
export class OfflineRequestInspection {
  constructor(
    private readonly dataSource: DataSource,
    private readonly proofs: TokenProofs,
    private readonly judge: SeatJudge,
    private readonly files: OfflineFiles,
    private readonly keyRing: KeyRing,
  ) {}

  /**
   * @param text the request, as somebody typed it
   * @throws InvalidInput for a text that is not a request; RestoreNotReconciled
   */
  async inspect(text: string): Promise<InspectedRequest> {
    const request = parseOfflineRequest(text);
    if ('refused' in request) throw new InvalidInput([{ field: 'request', message: request.rule }]);
    const { license_id, fp, requested_at } = request;
    const said = { license_id, fingerprint_prefix: fp.slice(0, 8), requested_at };
    const [license] = await NAMED.run(this.dataSource, [license_id]);
    if (!license)
      return {
        ...said,
        ...{ outcome: 'license_not_found', license: null, verdict: null, seats: null, activation: null },
      };
    const [verdict, seats, activation, refusal] = await Promise.all([
      this.verdictOf(license),
      readSeatsInUse(this.dataSource, license_id),
      this.activationOf(request),
      this.fileRefusal(license),
    ]);
    const { module_name, status } = license;
    const outcome = refusal ?? outcomeOf(verdict, seats, activation, license.now);
    return {
      ...said,
      outcome,
      license: { module_name, status },
      verdict: { code: verdict.code, error: verdict.error },
      seats: seats ?? null,
      activation,
    };
  }

  private async verdictOf({ token }: NamedLicense): Promise<Verdict> {
    const shown = await this.proofs.prove(token ?? '');
    const [judged] = await this.judge.judge(this.dataSource, [{ ...shown, question: null }]);
    if (!judged) throw new Error('a token was not judged');
    return judged.verdict;
  }

  private activationOf({ license_id, fp }: OfflineRequest): Promise<Activation | null> {
    return activationList(this.dataSource, license_id)
      .rows.andWhere('activation.fp = :fp', { fp: Buffer.from(fp, 'hex') })
      .orderBy('activation.admitted_at', 'DESC')
      .limit(1)
      .getOne();
  }

  /** Why no file could be made, whatever the license is. */
  private async fileRefusal({ key_id, now }: NamedLicense): Promise<RequestOutcome | null> {
    try {
      await this.files.keySet([key_id, (await this.keyRing.signer()).kid], now);
      return null;
    } catch (error) {
      if (error instanceof KeySetOutdated || error instanceof SignerUnavailable) return error.code;
      throw error;
    }
  }
}

function outcomeOf(
  { valid }: Verdict,
  seats: SeatsInUse | undefined,
  activation: Activation | null,
  now: Date,
): RequestOutcome {
  if (!valid) return 'license_not_valid';
  if (seats === undefined) return 'seats_not_counted';
  if (activation !== null && holdsSeat(activation, now)) return 'ready';
  return seats.in_use < seats.max + seats.overage ? 'ready' : 'seats_exhausted';
}

function holdsSeat({ ended_at, lease_ends_at }: Activation, now: Date): boolean {
  return ended_at === null && (lease_ends_at === null || lease_ends_at > now);
}
