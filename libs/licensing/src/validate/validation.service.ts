import { type Actor, type AuditEntry, AuditLog } from '@aegis/audit';
import { Environment } from '@aegis/config';
import { batchSizes, MicroBatch, OUTDATED, PreparedStatement, RestoreNotReconciled } from '@aegis/database';
import {
  type Evidence,
  instanceFingerprint,
  judge,
  type KeyTrust,
  type LicenseClaims,
  namingLicense,
  parseToken,
  type Question,
  SERVER_VERDICT_CODES,
  type TokenRecord,
  type Verdict,
  type VerdictCode,
  withoutOuterWhiteSpace,
} from '@aegis/license-token';
import { currentRequest, type RequestContext, runInRequest } from '@aegis/logging';
import { type Counter, Metrics } from '@aegis/metrics';
import { KeyRing, type SigningKeyState, VerifiedSignatures } from '@aegis/signing';
import { shortened } from '@aegis/errors';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { distinct } from './distinct';
import { tokenHash } from '../issue/token-issuer';
import { verifyTokenSignature } from './token-signature';
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
}

/** A token whose signature held: what it says, and which key signed it. */
interface ProvenToken {
  kid: string;
  claims: LicenseClaims;
}

type Proof =
  { proof: 'malformed' | 'unknown_key' | 'signature_invalid' } | { proof: 'holds'; token: ProvenToken };

interface Pending {
  sha256: Buffer;
  proof: Proof;
  question: Question;
  actor: Actor;
  /** Whose request it is of; undefined outside of requests. */
  request: RequestContext | undefined;
}

/** A row of the batched look-up; all but `now` null where nothing is on record. */
interface Row {
  now: Date;
  not_reconciled: boolean;
  key_state: SigningKeyState | null;
  compromised_after: Date | null;
  recorded_at: Date | null;
  superseded: boolean;
  newer_token_exists: boolean;
  license_status: TokenRecord['license_status'];
  customer_active: boolean;
}

/** Codes of a good license in the wrong place. */
const ASKED_CODES: ReadonlySet<VerdictCode> = new Set([
  'MODULE_MISMATCH',
  'VERSION_NOT_ALLOWED',
  'INSTANCE_REQUIRED',
  'INSTANCE_MISMATCH',
]);

const LOOK_UP = new PreparedStatement<Row>(
  'validation-look-up',
  `SELECT date_trunc('milliseconds', clock_timestamp()) AS now, ${OUTDATED} AS not_reconciled,
          k.state AS key_state, k.compromised_after,
          t.recorded_at, t.superseded_at IS NOT NULL AS superseded, l.revision > t.revision AS newer_token_exists,
          l.status AS license_status, c.is_active AS customer_active
   FROM unnest($1::bytea[], $2::text[]) WITH ORDINALITY AS asked (sha256, kid, position)
   LEFT JOIN signing_keys k ON k.kid = asked.kid
   LEFT JOIN license_tokens t ON t.sha256 = asked.sha256
   LEFT JOIN licenses l ON l.id = t.license_id
   LEFT JOIN customers c ON c.id = l.customer_id
   ORDER BY asked.position`,
);

/**
 * Answers whether a license is valid. Everything that can change is read from the database for every answer, in
 * one statement for all who wait; an answer is given after its audit record is durable.
 */
@Injectable()
export class ValidationService {
  private readonly verified = new VerifiedSignatures<ProvenToken>(20_000);
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
  private readonly signatureLookups: Counter<'result'>;
  private readonly recorded: RecordedValidations;
  private readonly unaudited: Counter;

  constructor(
    private readonly dataSource: DataSource,
    private readonly keyRing: KeyRing,
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
    this.signatureLookups = metrics.counter(
      {
        name: 'aegis_signature_cache_total',
        help: 'Validated tokens, by whether their signature was known to be valid (hit) or had to be checked (miss).',
        labelNames: ['result'],
      },
      [{ result: 'hit' }, { result: 'miss' }],
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
    const token = withoutOuterWhiteSpace(input.token);
    const sha256 = tokenHash(token);
    const proof = this.recall(sha256) ?? (await this.prove(token, sha256));
    const fingerprint = presentedFingerprint(input);
    const question = {
      module_name: input.module_name,
      odoo_version: presentedVersion(input),
      instance_fingerprint: fingerprint && (await fingerprint),
    };
    return this.batch.add({ sha256, proof, question, actor, request: currentRequest() });
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

  private recall(sha256: Buffer): Proof | undefined {
    const token = this.verified.recall(sha256.toString('latin1'));
    if (!token) return undefined;
    this.signatureLookups.inc({ result: 'hit' });
    return { proof: 'holds', token };
  }

  private async prove(token: string, sha256: Buffer): Promise<Proof> {
    const parsed = parseToken(token);
    if ('malformed' in parsed) return { proof: 'malformed' };
    const proof = await verifyTokenSignature(this.keyRing, parsed);
    if (proof !== 'unknown_key') this.signatureLookups.inc({ result: 'miss' });
    if (proof !== 'holds') return { proof };
    const proven = { kid: parsed.header.kid, claims: parsed.claims };
    this.verified.remember(sha256.toString('latin1'), proven);
    return { proof: 'holds', token: proven };
  }

  private async answer(pending: Pending[]): Promise<Verdict[]> {
    const rows = await this.lookUp(pending);
    if (rows[0]?.not_reconciled === true) throw new RestoreNotReconciled();
    const verdicts = pending.map((one, index) => {
      const row = rows[index];
      if (!row) throw new Error('the look-up must answer for each token');
      const verdict = judge(one.question, this.evidence(one.proof, row), row.now);
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
    rows: readonly Row[],
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
  private reportUnrecorded({ proof, sha256, request }: Pending, row: Row | undefined): void {
    if (proof.proof !== 'holds' || row?.recorded_at !== null) return;
    const token = { sha256, ...proof.token, keyCompromised: row.key_state === 'compromised' };
    runInRequest(request, () => {
      this.unrecorded.report(token);
    });
  }

  private lookUp(pending: Pending[]): Promise<Row[]> {
    return LOOK_UP.run(this.dataSource, [
      pending.map(({ sha256 }) => sha256),
      pending.map(({ proof }) => (proof.proof === 'holds' ? proof.token.kid : null)),
    ]);
  }

  private evidence(proof: Proof, row: Row): Evidence {
    if (proof.proof !== 'holds') return { proof: proof.proof };
    return {
      proof: 'signature_holds',
      claims: proof.token.claims,
      key: keyTrust(row),
      acceptedIssuers: this.acceptedIssuers,
      record: row.recorded_at && { ...row, recorded_at: row.recorded_at },
      activation: null,
    };
  }
}

function keyTrust({ key_state, compromised_after }: Row): KeyTrust {
  return key_state === 'compromised'
    ? { compromised: true, after: compromised_after }
    : { compromised: false };
}

/** The version under either of its names. */
function presentedVersion({ odoo_version, version }: ValidateLicense): string {
  return odoo_version ?? version ?? '';
}

/** A text that is the same only for equal questions. */
function asText(input: ValidateLicense): string {
  const { module_name, instance_db_uuid = null, instance_domain = null } = input;
  const token = withoutOuterWhiteSpace(input.token);
  return JSON.stringify([token, module_name, presentedVersion(input), instance_db_uuid, instance_domain]);
}

function presentedFingerprint({
  instance_db_uuid,
  instance_domain,
}: ValidateLicense): Promise<string> | null {
  return instance_db_uuid && instance_domain ? instanceFingerprint(instance_db_uuid, instance_domain) : null;
}

/** After a leak the vendor asks who still uses tokens of that key: callers with an API key learn the license. */
function withCompromisedLicense({ proof, actor }: Pending, row: Row, verdict: Verdict): Verdict {
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
  row: Row | undefined,
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
