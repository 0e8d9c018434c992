import {
  type Activation,
  ActivationEnded,
  activationList,
  ActivationNotFound,
  type ActivationState,
  ActivationTokens,
  activationView,
  type ActivationView,
  type Admissions,
  type HeldActivation,
  type HeldRow,
  LicenseNotValid,
  type SeatAct,
  SeatCounts,
} from '@aegis/activations';
import type { Actor } from '@aegis/audit';
import { RestoreNotReconciled } from '@aegis/database';
import { DomainError } from '@aegis/errors';
import type { ListSource } from '@aegis/lists';
import { SignerUnavailable } from '@aegis/signing';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { LicensingService } from '../issue/licensing.service';
import { fingerprintDigest } from './fingerprint-digest';
import { type HeartbeatRow, lookUpActivations } from './heartbeat-look-up';
import { LeaseRenewal } from './lease-renewal';
import { SeatJudge, type TokenForSeat } from './seat-judge';
import { SEAT_ADMISSIONS } from './seat-admissions';

/** An activation and its holder's identity, as the vendor's own service knows them. */
export interface NamedHolder {
  id: string;
  fingerprint: string;
}

/** The answer to one heartbeat of many. */
export interface HeartbeatResult {
  activation: HeldActivation | null;
  error: DomainError | null;
}

/** Activations as the vendor sees, renews and ends them. */
@Injectable()
export class LicenseActivations {
  constructor(
    private readonly dataSource: DataSource,
    private readonly licensing: LicensingService,
    private readonly judge: SeatJudge,
    @Inject(SEAT_ADMISSIONS) private readonly admissions: Admissions<TokenForSeat>,
    private readonly leases: LeaseRenewal,
    private readonly tokens: ActivationTokens,
    private readonly counts: SeatCounts,
  ) {}

  /**
   * The activations of a license, the latest admission first.
   * @throws LicenseNotFound
   */
  async list(licenseId: string, state?: ActivationState): Promise<ListSource<Activation>> {
    const { id } = await this.licensing.find(licenseId);
    return activationList(this.dataSource, id, state);
  }

  /**
   * Ends an activation, also one that an offline file holds; again, it changes nothing.
   * @param reason 1–500 characters
   * @throws LicenseNotFound, ActivationNotFound
   */
  async end(actor: Actor, licenseId: string, id: string, reason: string): Promise<ActivationView> {
    const license = await this.licensing.find(licenseId);
    const subject = {
      licenseId: license.id,
      customerId: license.customer_id,
      moduleName: license.module_name,
    };
    const ended = await this.admissions.end({ actor, subject }, id, reason);
    if (ended === null) throw new ActivationNotFound();
    return activationView(ended, 0);
  }

  /**
   * Renews the leases of many installations, for a service that speaks for them: the newest tokens of their licenses are
   * judged, and the caller again in the transaction.
   * @param holders of any licenses; answered in their order, and one that is refused does not refuse the others
   * @throws what is not about one of them
   */
  async renewMany(
    actor: Actor,
    holders: readonly NamedHolder[],
    withToken: boolean,
  ): Promise<HeartbeatResult[]> {
    const rows = await lookUpActivations(
      this.dataSource,
      holders.map(({ id }) => id),
    );
    const judged = holders.map((holder, index) => this.judged(actor, holder, rows[index]));
    const renewable = judged.flatMap((one) => ('row' in one ? [one] : []));
    const renewed = await this.leases.renewForCaller(renewable, withToken);
    return Promise.all(
      judged.map(async (one) => {
        const outcome = 'row' in one ? renewed.shift() : one;
        if (!outcome) throw new Error('each activation must be renewed or refused');
        this.counts.heartbeatEnded(outcome);
        if (outcome instanceof DomainError) return { activation: null, error: outcome };
        const token = withToken ? await this.tokenOf(outcome) : null;
        const view = activationView(outcome, outcome.lasts_seconds);
        return { activation: { ...view, token, license_token: null }, error: null };
      }),
    );
  }

  /** @returns whose lease is to be renewed, or why it is not */
  private judged(
    actor: Actor,
    { fingerprint }: NamedHolder,
    row: HeartbeatRow | undefined,
  ): { act: SeatAct; row: HeartbeatRow } | ActivationNotFound | ActivationEnded | LicenseNotValid {
    if (!row) throw new Error('the look-up must answer for each activation');
    if (row.not_reconciled) throw new RestoreNotReconciled();
    if (row.activation_id === null || !row.fp.equals(fingerprintDigest(row.license_id, fingerprint)))
      return new ActivationNotFound();
    if (row.ended_at !== null && row.ended_by !== null)
      return new ActivationEnded(row.ended_by, row.ended_at);
    const verdict = this.judge.judgeNewest(null, row);
    if (verdict === null) return new ActivationNotFound();
    if (!verdict.valid) return new LicenseNotValid(verdict);
    const subject = { licenseId: row.license_id, customerId: row.customer_id, moduleName: row.module_name };
    return { act: { actor, subject }, row };
  }

  /** Null while nothing can be signed: the lease is renewed. */
  private tokenOf(row: HeldRow): Promise<string | null> {
    return this.tokens.sign(row).catch((error: unknown) => {
      if (error instanceof SignerUnavailable) return null;
      throw error;
    });
  }
}
