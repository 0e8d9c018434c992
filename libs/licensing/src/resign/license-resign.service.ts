import type { Actor } from '@aegis/audit';
import { assertNotOutdated, isInputRefused, runSplitting, transaction } from '@aegis/database';
import { ConfigurationError } from '@aegis/errors';
import { KeyRing, SigningKey, SigningKeyChanged } from '@aegis/signing';
import { Injectable } from '@nestjs/common';
import { setImmediate as letOthersRun, setTimeout as pause } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import {
  type Candidate,
  type Choice,
  countCandidates,
  grantedFacts,
  readCandidates,
  type ResignPlan,
} from './license-resign-candidates';
import { type Resigned, LicenseResignWriter } from './license-resign-writer';
import { TokenTooLarge, UnsoundClaims } from '../licensing.errors';
import { ResignRate } from './resign-rate';
import { TokenIssuer } from '../issue/token-issuer';
import { notRevokedSql } from '../state/license-status';

/** A license with the token that its customer must get. */
export interface ReissuedLicense {
  license_id: string;
  customer_id: string;
  module_name: string;
  old_key_id: string;
  new_key_id: string;
  revision: number;
  expires_at: Date | null;
  /** A credential. */
  token: string;
}

/** A license that can't get a new token as it is. */
export interface ResignFailure {
  license_id: string;
  message: string;
}

export interface ResignOptions extends Choice {
  /** Withdraws the older tokens: they answer SUPERSEDED, unless their key is compromised. */
  supersede: boolean;
  /** Most tokens per second; as fast as it goes unless given. */
  ratePerSecond?: number;
  /** Called with what is durable. The next batch waits for it. */
  onReissued?: (reissued: readonly ReissuedLicense[]) => Promise<void>;
  onFailure?: (failure: ResignFailure) => void;
}

export interface ResignReport {
  reissued: number;
  failed: number;
  /** Due, but changed by others again and again meanwhile: another run takes them. */
  postponed: number;
}

/** A license is locked for as long as its batch is written: a revocation that waits must not be refused. */
const BATCH = 200;
/** Signatures between two looks at what else there is to do; a remote signer gets so many at once. */
const SIGNED_AT_ONCE = 8;
const PASSES = 20;
const PAUSE_BETWEEN_PASSES_MS = 100;
const REPORTED_AT_ONCE = 1000;

/** Signs again, under the active key, the licenses whose newest token another key has signed. */
@Injectable()
export class LicenseResign {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keyRing: KeyRing,
    private readonly tokens: TokenIssuer,
    private readonly writer: LicenseResignWriter,
  ) {}

  /**
   * What `run` would do. To be asked before `reissued` too: the tokens that it gives are sent to customers.
   * @throws ConfigurationError when the key is unknown or the active one; RestoreNotReconciled
   */
  async plan(choice: Choice): Promise<ResignPlan> {
    await this.assertOutOfUse(choice.keyId);
    return transaction(this.dataSource, async (tx) => {
      await assertNotOutdated(tx);
      return countCandidates(tx, choice);
    });
  }

  /**
   * Gives each license that is due a new token under the same id. Progress is kept only in the database: another run
   * continues after an interruption. Anybody may renew, reissue, suspend or revoke meanwhile.
   * @throws ConfigurationError when the key is unknown or the active one
   */
  async run(actor: Actor, options: ResignOptions): Promise<ResignReport> {
    await this.assertOutOfUse(options.keyId);
    const report: ResignReport = { reissued: 0, failed: 0, postponed: 0 };
    const failed = new Set<string>();
    const rate = new ResignRate(options.ratePerSecond);
    for (let pass = 1; pass <= PASSES; pass += 1) {
      report.postponed = await this.pass(actor, options, rate, failed, report);
      if (report.postponed === 0) break;
      await pause(PAUSE_BETWEEN_PASSES_MS);
    }
    report.failed = failed.size;
    return report;
  }

  /** Every license that a token of this key was replaced for, with its newest token; revoked ones have none. */
  async *reissued(keyId: string): AsyncGenerator<ReissuedLicense[]> {
    let after = '00000000-0000-0000-0000-000000000000';
    for (;;) {
      const rows = await this.dataSource.query<ReissuedLicense[]>(
        `SELECT l.id AS license_id, l.customer_id, l.module_name, $1 AS old_key_id, l.key_id AS new_key_id,
                l.revision, l.expires_at, l.token
         FROM licenses l
         WHERE l.id > $2 AND l.key_id <> $1 AND ${notRevokedSql('l')} AND l.token IS NOT NULL
           AND EXISTS (SELECT FROM license_tokens t WHERE t.license_id = l.id AND t.key_id = $1)
         ORDER BY l.id LIMIT $3`,
        [keyId, after, REPORTED_AT_ONCE],
      );
      const last = rows.at(-1);
      if (!last) return;
      after = last.license_id;
      yield rows;
    }
  }

  /** @returns how many licenses others had changed when their token was to be written */
  private async pass(
    actor: Actor,
    options: ResignOptions,
    rate: ResignRate,
    failed: Set<string>,
    report: ResignReport,
  ): Promise<number> {
    let postponed = 0;
    let after: Candidate | undefined;
    // One batch is signed while the one before is written.
    let writing: Promise<void> = Promise.resolve();
    const size = Math.min(BATCH, options.ratePerSecond ?? BATCH);
    try {
      for (;;) {
        const batch = await readCandidates(this.dataSource.manager, options, after, size);
        after = batch.at(-1);
        if (!after) break;
        const due = batch.filter(({ id }) => !failed.has(id));
        await rate.take(due.length);
        const resigned = await this.sign(due, options, failed);
        await writing;
        writing = this.write(actor, options, resigned, failed).then(({ written, changed }) => {
          report.reissued += written;
          postponed += changed;
        });
        // Awaited in the next round; until then nobody else would handle it.
        writing.catch(() => undefined);
      }
    } finally {
      await writing;
    }
    return postponed;
  }

  private async sign(
    licenses: readonly Candidate[],
    { keyId, onFailure }: ResignOptions,
    failed: Set<string>,
  ): Promise<Resigned[]> {
    const moments = await Promise.all(licenses.map(() => this.tokens.moment()));
    const resigned: Resigned[] = [];
    const signOne = async (license: Candidate, index: number): Promise<void> => {
      const moment = moments[index];
      if (!moment) throw new Error('each license must have a moment');
      try {
        const fresh = await this.tokens.sign(grantedFacts(license), moment);
        if (fresh.keyId === keyId) throw inUse(keyId);
        resigned.push({ license, fresh });
      } catch (error) {
        if (!(error instanceof TokenTooLarge || error instanceof UnsoundClaims)) throw error;
        failed.add(license.id);
        onFailure?.({ license_id: license.id, message: error.message });
      }
    };
    for (let start = 0; start < licenses.length; start += SIGNED_AT_ONCE) {
      const some = licenses.slice(start, start + SIGNED_AT_ONCE);
      await Promise.all(some.map((license, index) => signOne(license, start + index)));
      // A local key signs without pausing: the previous batch is waiting for its answers.
      await letOthersRun();
    }
    return resigned;
  }

  /** Writes new tokens. A license that the database refuses fails alone. */
  private async write(
    actor: Actor,
    options: ResignOptions,
    resigned: readonly Resigned[],
    failed: Set<string>,
  ): Promise<{ written: number; changed: number }> {
    const counts = { written: 0, changed: 0 };
    if (resigned.length === 0) return counts;
    await runSplitting(
      resigned,
      (some) => this.writeTogether(actor, options, some),
      async (some, written) => {
        counts.written += written.length;
        counts.changed += some.length - written.length;
        if (written.length > 0)
          await options.onReissued?.(written.map((one) => reissuedLicense(options.keyId, one)));
      },
      (some, error) => {
        if (!isInputRefused(error)) throw error;
        for (const { license } of some) {
          failed.add(license.id);
          options.onFailure?.({
            license_id: license.id,
            message: 'The database refuses the new token of this license.',
          });
        }
      },
    );
    return counts;
  }

  private writeTogether(
    actor: Actor,
    { keyId, supersede }: ResignOptions,
    resigned: readonly Resigned[],
  ): Promise<readonly Resigned[]> {
    return transaction(this.dataSource, (tx) =>
      this.writer.write(tx, actor, keyId, supersede, resigned),
    ).catch((error: unknown) => {
      // The active key was changed meanwhile: another pass signs them with the new one.
      if (error instanceof SigningKeyChanged) return [];
      throw error;
    });
  }

  private async assertOutOfUse(keyId: string): Promise<void> {
    const known = await this.dataSource.manager.existsBy(SigningKey, { kid: keyId });
    if (!known) throw new ConfigurationError(`There is no signing key ${keyId} on record.`);
    await this.keyRing.refresh();
    if (this.keyRing.activeKid === keyId) throw inUse(keyId);
  }
}

function reissuedLicense(oldKeyId: string, { license, fresh }: Resigned): ReissuedLicense {
  return {
    license_id: license.id,
    customer_id: license.customer_id,
    module_name: license.module_name,
    old_key_id: oldKeyId,
    new_key_id: fresh.keyId,
    revision: fresh.revision,
    expires_at: license.expires_at,
    token: fresh.token,
  };
}

function inUse(keyId: string): ConfigurationError {
  return new ConfigurationError(
    `The key ${keyId} is the active one: its licenses would be signed by it again. Activate another key first.`,
  );
}
