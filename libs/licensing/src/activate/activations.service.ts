import {
  ActivationEnded,
  ActivationNotFound,
  ActivationOffline,
  ActivationTokens,
  activationView,
  type Admissions,
  type HeldActivation,
  type HeldRow,
  LicenseNotValid,
  type SeatAct,
  SeatCounts,
} from '@aegis/activations';
import type { Actor } from '@aegis/audit';
import { MicroBatch } from '@aegis/database';
import { instanceFingerprint, type LicenseClaims, UUID, type Verdict } from '@aegis/license-token';
import { SignerUnavailable } from '@aegis/signing';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type NamedActivation } from '../validate/token-look-up';
import { type ProvenLicense, type ShownToken, TokenProofs } from '../validate/token-proofs';
import { fingerprintDigest } from './fingerprint-digest';
import { type HeartbeatRow, lookUpHeartbeats } from './heartbeat-look-up';
import { LeaseRenewal } from './lease-renewal';
import { SeatJudge, type TokenForSeat } from './seat-judge';
import { SEAT_ADMISSIONS } from './seat-admissions';

/** What an installation sends for a seat. */
export interface ActivateInstallation {
  token: string;
  module_name: string;
  odoo_version: string;
  instance_db_uuid?: string | null;
  instance_domain?: string | null;
  /** Its own identity, byte for byte. */
  fingerprint: string;
  /** For people. */
  name?: string | null;
  /** Whose seat it takes where there is no room: an id, or `oldest`. */
  take_over?: string | null;
}

/** What an installation sends about the seat that it holds. */
export interface ActivationHolder {
  token: string;
  fingerprint: string;
}

/** Counts a request against a limit; what it throws ends the request. */
type Charge = (id: string) => Promise<void>;

/** Seats, as installations get, keep and release them: their credential is the license token. */
@Injectable()
export class ActivationsService {
  private readonly judgements = new MicroBatch<TokenForSeat, Verdict>(
    async (shown) => (await this.judge.judge(this.dataSource, shown)).map(({ verdict }) => verdict),
    { name: 'judge for seats', maxSize: 500, maxConcurrent: 2 },
  );
  private readonly lookUps = new MicroBatch<ShownToken & { activation: NamedActivation }, HeartbeatRow>(
    (beats) => lookUpHeartbeats(this.dataSource, beats),
    { name: 'look up heartbeats', maxSize: 500, maxConcurrent: 2 },
  );

  constructor(
    private readonly dataSource: DataSource,
    private readonly proofs: TokenProofs,
    private readonly judge: SeatJudge,
    @Inject(SEAT_ADMISSIONS) private readonly admissions: Admissions<TokenForSeat>,
    private readonly leases: LeaseRenewal,
    private readonly tokens: ActivationTokens,
    private readonly counts: SeatCounts,
  ) {}

  /**
   * Gives an installation a seat, or renews the one that it holds.
   * @param charge called with the license's id once its token is found valid: a withdrawn one uses up no limit of the others
   * @throws LicenseNotValid, SeatsNotCounted, SeatsExhausted, MovesExhausted; SignerUnavailable: the seat is held, and a
   * repetition gets its token
   */
  async activate(
    actor: Actor,
    input: ActivateInstallation,
    charge: Charge,
  ): Promise<HeldActivation & { isNew: boolean }> {
    const shown = await this.proofs.prove(input.token);
    const { instance_db_uuid: uuid, instance_domain: domain } = input;
    const question = {
      module_name: input.module_name,
      odoo_version: input.odoo_version,
      instance_fingerprint: uuid && domain ? await instanceFingerprint(uuid, domain) : null,
    };
    const presented = { ...shown, question };
    const { claims } = await this.proven(presented);
    const { licenseId } = subjectOf(claims);
    const verdict = await this.judgements.add(presented);
    if (!verdict.valid) return this.counts.admission(Promise.reject(new LicenseNotValid(verdict)));
    await charge(licenseId);
    const { row, isNew, licenseToken } = await this.counts.admission(
      this.admissions.admit({
        actor,
        subject: subjectOf(claims),
        fp: fingerprintDigest(licenseId, input.fingerprint),
        name: input.name ?? null,
        takeOver: input.take_over ?? null,
        presented,
      }),
    );
    return { ...(await this.held(row, true, licenseToken)), isNew };
  }

  /**
   * Renews the lease of a seat.
   * @param withToken whether a new activation token is signed; null in its place while nothing can be signed
   * @param charge called with the activation's id once token and fingerprint are those of its holder
   * @throws ActivationNotFound, LicenseNotValid, ActivationEnded
   */
  async heartbeat(
    actor: Actor,
    id: string,
    { token, fingerprint }: ActivationHolder,
    withToken: boolean,
    charge: Charge,
  ): Promise<HeldActivation> {
    const shown = { ...(await this.proofs.prove(token)), question: null };
    const { claims } = await this.proven(shown);
    const fp = fingerprintDigest(claims.jti, fingerprint);
    const row = await this.lookUps.add({ ...shown, activation: { id, fp } });
    const { verdict, licenseToken } = this.judge.judgeRow(shown, row);
    if (verdict.license_id === null || verdict.code === 'NOT_FOUND') throw new LicenseNotValid(verdict);
    if (row.activation_id === null) throw new ActivationNotFound();
    await charge(row.activation_id);
    const act = { actor, subject: subjectOf(claims) };
    const held = await this.counts.heartbeat(this.renew(act, row, verdict, withToken));
    return this.held(held, withToken, licenseToken).catch((error: unknown) => {
      if (!(error instanceof SignerUnavailable)) throw error;
      return { ...activationView(held, held.lasts_seconds), token: null, license_token: licenseToken };
    });
  }

  /**
   * Gives a seat back; again, it changes nothing.
   * @param charge called with the activation's id once token and fingerprint are those of its holder
   * @throws LicenseNotValid where the signature does not hold, whatever the license's state; ActivationNotFound;
   * ActivationOffline
   */
  async release(
    actor: Actor,
    id: string,
    { token, fingerprint }: ActivationHolder,
    charge: Charge,
  ): Promise<void> {
    const { claims } = await this.proven({ ...(await this.proofs.prove(token)), question: null });
    const act: SeatAct = { actor, subject: subjectOf(claims) };
    const row = await this.admissions.find(act.subject.licenseId, id);
    if (!row?.fp.equals(fingerprintDigest(claims.jti, fingerprint))) throw new ActivationNotFound();
    await charge(row.id);
    if (row.ended_at !== null) return;
    const released = await this.admissions.release(act, row.id);
    if (released === null) throw new ActivationNotFound();
    if (released.ended_at === null) throw new ActivationOffline();
  }

  /** One that has ended says so whatever the license's state: that of a removed customer is revoked. */
  private async renew(
    act: SeatAct,
    row: HeartbeatRow,
    verdict: Verdict,
    withToken: boolean,
  ): Promise<HeldRow> {
    if (row.ended_at !== null && row.ended_by !== null) throw new ActivationEnded(row.ended_by, row.ended_at);
    if (!verdict.valid) throw new LicenseNotValid(verdict);
    return this.leases.renew(act, row, withToken);
  }

  /** @throws LicenseNotValid where the signature does not hold, or the license has no id that a record could have */
  private async proven(shown: TokenForSeat): Promise<ProvenLicense> {
    const { proof } = shown;
    if (proof.proof === 'holds' && UUID.test(proof.token.claims.jti)) return proof.token;
    throw new LicenseNotValid(await this.judgements.add(shown));
  }

  private async held(row: HeldRow, withToken: boolean, licenseToken: string | null): Promise<HeldActivation> {
    const token = withToken ? await this.tokens.sign(row) : null;
    return { ...activationView(row, row.lasts_seconds), token, license_token: licenseToken };
  }
}

function subjectOf({ jti, customer, module }: LicenseClaims): SeatAct['subject'] {
  return { licenseId: jti.toLowerCase(), customerId: customer.id, moduleName: module.technical_name };
}
