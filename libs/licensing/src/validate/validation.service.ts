import { type Actor, type AuditEntry, AuditLog } from '@aegis/audit';
import { Environment } from '@aegis/config';
import { batchSizes, MicroBatch, RestoreNotReconciled } from '@aegis/database';
import {
  instanceFingerprint,
  judge,
  namingLicense,
  type Question,
  SERVER_VERDICT_CODES,
  type Verdict,
  type VerdictCode,
  withoutOuterWhiteSpace,
} from '@aegis/license-token';
import { currentRequest, type RequestContext, runInRequest } from '@aegis/logging';
import { type Counter, Metrics } from '@aegis/metrics';
import { shortened } from '@aegis/errors';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { distinct } from './distinct';
import { evidenceOf, lookUpTokens, type NamedActivation, type TokenRow } from './token-look-up';
import { type Proof, type ShownToken, TokenProofs } from './token-proofs';
import { fingerprintDigest } from '../activate/fingerprint-digest';
import { RecordedValidations, type TokenVerdict } from './recorded-validations';
import { UnrecordedTokens } from './unrecorded-tokens';
import { ValidationCounts } from './validation-counts';

/** What an installation sends. */
export interface ValidateLicense {
  token: string;
  module_name: string;
  /** `17`, `17.0`, `17.0.1.2` and `saas~17.2` all mean 17. */
  odoo_version?: string | null;
  /** Another name for `odoo_version`. */
  version?: string | null;
  instance_db_uuid?: string | null;
  instance_domain?: string | null;
  /** The seat that it holds, where the license asks for one. */
  activation?: { id: string; fingerprint: string } | null;
}

interface Pending extends ShownToken {
  question: Question;
  activation: NamedActivation | null;
  actor: Actor;
  /** Whose request it is of; undefined outside of requests. */
  request: RequestContext | undefined;
}

/** Codes of a good license in the wrong place. */
const ASKED_CODES: ReadonlySet<VerdictCode> = new Set([
  'MODULE_MISMATCH',
  'VERSION_NOT_ALLOWED',
  'INSTANCE_REQUIRED',
  'INSTANCE_MISMATCH',
]);

/**
 * Answers whether a license is valid. Everything that can change is read from the database for every answer, in
 * one statement for all who wait; an answer is given after its audit record is durable.
 */
@Injectable()
export class ValidationService {
  private readonly batch = new MicroBatch<Pending, Verdict>((pending) => this.answer(pending), {
    name: 'validate',
    maxSize: 500,
    maxConcurrent: 2,
    onRun: (size) => {
      this.measureBatch(size);
    },
  });
  private readonly acceptedIssuers: readonly string[];
  private readonly measureBatch: (size: number) => void;
  private readonly verdictCount: Counter<'code'>;
  private readonly recorded: RecordedValidations;
  private readonly unaudited: Counter;

  constructor(
    private readonly dataSource: DataSource,
    private readonly proofs: TokenProofs,
    private readonly audit: AuditLog,
    private readonly counts: ValidationCounts,
    private readonly unrecorded: UnrecordedTokens,
    environment: Environment,
    metrics: Metrics,
  ) {
    this.measureBatch = batchSizes(metrics, 'validations');
    this.verdictCount = metrics.counter(
      {
        name: 'aegis_verdicts_total',
        help: 'Validated tokens, by the code of the verdict.',
        labelNames: ['code'],
      },
      SERVER_VERDICT_CODES.map((code) => ({ code })),
    );
    this.recorded = new RecordedValidations(environment.AUDIT_VALIDATIONS);
    this.unaudited = metrics.counter({
      name: 'aegis_validations_not_audited_total',
      help: 'Validations that left no audit record, because AUDIT_VALIDATIONS is not all.',
    });
    this.acceptedIssuers = [environment.LICENSE_ISSUER, ...(environment.ACCEPTED_ISSUERS ?? [])];
  }

  /**
   * Judges a token for the installation that asks. Never throws for what is in the token: that is a verdict.
   * @throws RestoreNotReconciled
   */
  async validate(actor: Actor, input: ValidateLicense): Promise<Verdict> {
    const { sha256, proof } = await this.proofs.prove(input.token);
    const fingerprint = presentedFingerprint(input);
    const question = {
      module_name: input.module_name,
      odoo_version: presentedVersion(input),
      instance_fingerprint: fingerprint && (await fingerprint),
    };
    const activation = namedActivation(proof, input.activation);
    return this.batch.add({ sha256, proof, question, activation, actor, request: currentRequest() });
  }

  /**
   * Judges many tokens. Equal questions are answered and recorded once.
   * @param charge called with the number of different questions before any of them is looked at; what it throws ends it
   * @returns one verdict for each input, in the same order
   */
  async validateBatch(
    actor: Actor,
    inputs: readonly ValidateLicense[],
    charge: (questions: number) => Promise<void>,
  ): Promise<Verdict[]> {
    const { items: questions, positions } = distinct(inputs, asText);
    await charge(questions.length);
    const verdicts = await Promise.all(questions.map((question) => this.validate(actor, question)));
    return positions.map((position) => {
      const verdict = verdicts[position];
      if (!verdict) throw new Error('each question must have its verdict');
      return verdict;
    });
  }

  private async answer(pending: Pending[]): Promise<Verdict[]> {
    const rows = await lookUpTokens(this.dataSource, pending);
    if (rows[0]?.not_reconciled === true) throw new RestoreNotReconciled();
    const verdicts = pending.map((one, index) => {
      const row = rows[index];
      if (!row) throw new Error('the look-up must answer for each token');
      const verdict = judge(one.question, evidenceOf(one.proof, row, this.acceptedIssuers), row.now);
      return withCompromisedLicense(one, row, verdict);
    });
    pending.forEach((one, index) => {
      this.reportUnrecorded(one, rows[index]);
    });
    await this.record(pending, rows, verdicts);
    for (const { code } of verdicts) {
      this.counts.add(code);
      this.verdictCount.inc({ code });
    }
    return verdicts;
  }

  private async record(
    pending: readonly Pending[],
    rows: readonly TokenRow[],
    verdicts: readonly Verdict[],
  ): Promise<void> {
    const recordable = pending.flatMap((one, index) => auditable(one, rows[index], verdicts[index]));
    const chosen = this.recorded.choose(recordable);
    if (chosen.length > 0)
      await this.audit.append(this.dataSource.manager, ...chosen.map(({ entry }) => entry));
    this.recorded.remember(recordable);
    if (chosen.length < recordable.length) this.unaudited.inc(recordable.length - chosen.length);
  }

  /** The log line names the request that showed the token. */
  private reportUnrecorded({ proof, sha256, request }: Pending, row: TokenRow | undefined): void {
    if (proof.proof !== 'holds' || row?.recorded_at !== null) return;
    const token = { sha256, ...proof.token, keyCompromised: row.key_state === 'compromised' };
    runInRequest(request, () => {
      this.unrecorded.report(token);
    });
  }
}

/** Only what the license of the token says can make it the installation's. */
function namedActivation(proof: Proof, activation: ValidateLicense['activation']): NamedActivation | null {
  if (!activation || proof.proof !== 'holds') return null;
  const { jti } = proof.token.claims;
  return { id: activation.id, fp: fingerprintDigest(jti, activation.fingerprint) };
}

/** The version under either of its names. */
function presentedVersion({ odoo_version, version }: ValidateLicense): string {
  return odoo_version ?? version ?? '';
}

/** A text that is the same only for equal questions. */
function asText(input: ValidateLicense): string {
  const { module_name, instance_db_uuid = null, instance_domain = null, activation } = input;
  const token = withoutOuterWhiteSpace(input.token);
  const version = presentedVersion(input);
  const seat = [activation?.id ?? null, activation?.fingerprint ?? null];
  return JSON.stringify([token, module_name, version, instance_db_uuid, instance_domain, ...seat]);
}

function presentedFingerprint({
  instance_db_uuid,
  instance_domain,
}: ValidateLicense): Promise<string> | null {
  return instance_db_uuid && instance_domain ? instanceFingerprint(instance_db_uuid, instance_domain) : null;
}

/** After a leak the vendor asks who still uses tokens of that key: callers with an API key learn the license. */
function withCompromisedLicense({ proof, actor }: Pending, row: TokenRow, verdict: Verdict): Verdict {
  if (verdict.code !== 'KEY_COMPROMISED' || proof.proof !== 'holds') return verdict;
  if (row.recorded_at === null || actor.apiKeyId === null) return verdict;
  return namingLicense(verdict, proof.token.claims);
}

/**
 * Codes 1 to 3 are anyone's to cause and leave no record; from 5 on each answer may, and so may a compromised key's token
 * that is on record.
 */
function auditable(
  { sha256, proof, actor, question }: Pending,
  row: TokenRow | undefined,
  verdict: Verdict | undefined,
): (TokenVerdict & { entry: AuditEntry })[] {
  if (proof.proof !== 'holds' || !verdict || !row) return [];
  const { code } = verdict;
  if (code === 'KEY_COMPROMISED' && row.recorded_at === null) return [];
  const { jti, customer, module } = proof.token.claims;
  const asked = ASKED_CODES.has(code) ? { asked: asRecorded(question) } : {};
  const entry: AuditEntry = {
    type: 'license.validated',
    actor,
    licenseId: jti,
    customerId: customer.id,
    moduleName: module.technical_name,
    data: { code, ...asked },
  };
  return [{ sha256, code, ...asked, entry }];
}

/** What was asked, for support: texts no longer than a request may have them. The installation is a hash or null. */
function asRecorded({ module_name, odoo_version, instance_fingerprint }: Question): Record<string, unknown> {
  return {
    module_name: shortened(module_name, 100),
    version: shortened(odoo_version, 50),
    instance_fingerprint,
  };
}
