import { Environment } from '@aegis/config';
import { MicroBatch, PreparedStatement } from '@aegis/database';
import { fitsTokenLimit } from '@aegis/license-token';
import { type Counter, Metrics } from '@aegis/metrics';
import {
  KeyRing,
  requiresActiveKey,
  SignerUnavailable,
  SigningKeyChanged,
  signingInput,
  signingKeyChanged,
  signInput,
} from '@aegis/signing';
import { Injectable } from '@nestjs/common';
import { hash } from 'node:crypto';
import { DataSource, type EntityManager } from 'typeorm';
import { licenseClaims, type TokenFacts } from './license-claims';
import { TokenTooLarge } from '../licensing.errors';
import { openStatusPlaces, type StatusPlace, type StatusPlaces } from '@aegis/status-lists';

/** A signed token that nobody has seen yet: it may be handed out only after it is on record. */
export interface FreshToken {
  licenseId: string;
  token: string;
  sha256: Buffer;
  keyId: string;
  revision: number;
  status: StatusPlace;
}

/** What the database returns before a token is signed. */
export interface Moment {
  now: Date;
  status: StatusPlace;
}

export type GrantedFacts = Omit<TokenFacts, 'issuer' | 'publicUrl' | 'signedAt' | 'status'>;

const READ_MOMENTS = new PreparedStatement<{ now: Date; number: string }>(
  'token-moments',
  `SELECT date_trunc('milliseconds', clock_timestamp()) AS now, nextval('license_tokens_status_number_seq') AS number
   FROM generate_series(1, $1::integer)`,
);

const RECORD = new PreparedStatement(
  'token-record',
  `INSERT INTO license_tokens (sha256, license_id, key_id, revision, status_list, status_index)
   SELECT * FROM unnest($1::bytea[], $2::uuid[], $3::text[], $4::integer[], $5::integer[], $6::integer[])
   WHERE ${requiresActiveKey('$3::text[]')}`,
);

/** SHA-256 of a whole token, by which it is on record. */
export function tokenHash(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}

/** Keys are changed every few months, so a second change while a token is signed again is almost impossible. */
const ATTEMPTS = 5;

/** Makes tokens and puts them on record. */
@Injectable()
export class TokenIssuer {
  private places?: StatusPlaces;
  private readonly signedAgain: Counter;
  private readonly moments = new MicroBatch<void, Moment>((askers) => this.readMoments(askers.length), {
    name: 'moments',
    maxSize: 500,
    maxConcurrent: 2,
  });

  constructor(
    private readonly dataSource: DataSource,
    private readonly keyRing: KeyRing,
    private readonly environment: Environment,
    metrics: Metrics,
  ) {
    this.signedAgain = metrics.counter({
      name: 'aegis_tokens_signed_again_total',
      help: 'Tokens that were signed again because the active key changed in the meantime.',
    });
  }

  /**
   * Runs the work that signs a token and puts it on record. If the active key is changed in between, nothing is on
   * record, and the work runs again with the new key.
   * @throws SignerUnavailable when keys change faster than tokens are signed
   */
  async withActiveKey<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof SigningKeyChanged)) throw error;
        this.signedAgain.inc();
        await this.keyRing.refresh();
      }
    }
    throw new SignerUnavailable();
  }

  /** The database's time and a status place that no other token gets, even if this token is never issued. */
  moment(): Promise<Moment> {
    return this.moments.add();
  }

  /**
   * Signs, outside any transaction: no lock is held while a signer answers.
   * @throws TokenTooLarge before anything is signed; SignerUnavailable
   */
  async sign(facts: GrantedFacts, moment: Moment): Promise<FreshToken> {
    const signer = await this.keyRing.signer();
    const claims = licenseClaims({
      ...facts,
      issuer: this.environment.LICENSE_ISSUER,
      publicUrl: this.environment.PUBLIC_URL,
      signedAt: moment.now,
      status: moment.status,
    });
    const unsigned = signingInput(signer, { typ: 'JWT' }, claims);
    if (!fitsTokenLimit(unsigned)) throw new TokenTooLarge();
    const token = await signInput(signer, unsigned);
    return {
      licenseId: facts.licenseId,
      token,
      sha256: tokenHash(token),
      keyId: signer.kid,
      revision: facts.revision,
      status: moment.status,
    };
  }

  /**
   * Puts tokens on record in the transaction that their licenses are written in. Until it ends, their key stays active.
   * @throws SigningKeyChanged when it is no longer the active one: the transaction must be undone
   */
  async record(tx: EntityManager, ...tokens: readonly FreshToken[]): Promise<void> {
    const recording = RECORD.run(tx, [
      tokens.map(({ sha256 }) => sha256),
      tokens.map(({ licenseId }) => licenseId),
      tokens.map(({ keyId }) => keyId),
      tokens.map(({ revision }) => revision),
      tokens.map(({ status }) => status.list),
      tokens.map(({ status }) => status.index),
    ]);
    await recording.catch((error: unknown) => {
      throw signingKeyChanged(error);
    });
  }

  /** Withdraws all tokens of licenses that are on record: they answer SUPERSEDED from now on. */
  async supersede(tx: EntityManager, licenseIds: readonly string[]): Promise<void> {
    await tx.query(
      `UPDATE license_tokens SET superseded_at = clock_timestamp()
       WHERE license_id = ANY($1) AND superseded_at IS NULL`,
      [licenseIds],
    );
  }

  private async readMoments(count: number): Promise<Moment[]> {
    const places = (this.places ??= await openStatusPlaces(this.dataSource));
    const rows = await READ_MOMENTS.run(this.dataSource, [count]);
    return rows.map(({ now, number }) => ({ now, status: places.at(Number(number)) }));
  }
}
