import { type Actor, type AuditEntry, AuditLog } from '@aegis/audit';
import { Environment } from '@aegis/config';
import { shortened } from '@aegis/errors';
import type { Question, Verdict, VerdictCode } from '@aegis/license-token';
import { type Counter, Metrics } from '@aegis/metrics';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { RecordedValidations, type TokenVerdict } from './recorded-validations';
import type { TokenRow } from './token-look-up';
import type { ShownToken } from './token-proofs';

/** A token that was judged: who asked what. */
export interface JudgedQuestion extends ShownToken {
  question: Question;
  actor: Actor;
}

/** Codes of a good license in the wrong place. */
const ASKED_CODES: ReadonlySet<VerdictCode> = new Set([
  'MODULE_MISMATCH',
  'VERSION_NOT_ALLOWED',
  'INSTANCE_REQUIRED',
  'INSTANCE_MISMATCH',
]);

/** Puts validations on record in the audit trail, those that AUDIT_VALIDATIONS asks for. */
@Injectable()
export class ValidationRecords {
  private readonly recorded: RecordedValidations;
  private readonly unaudited: Counter;

  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    environment: Environment,
    metrics: Metrics,
  ) {
    this.recorded = new RecordedValidations(environment.AUDIT_VALIDATIONS);
    this.unaudited = metrics.counter({
      name: 'aegis_validations_not_audited_total',
      help: 'Validations that left no audit record, because AUDIT_VALIDATIONS is not all.',
    });
  }

  /**
   * Appends the records of validations, in one statement.
   * @param judged with the row and the verdict at the same place in `rows` and `verdicts`
   * @returns once they are durable
   */
  async append(
    judged: readonly JudgedQuestion[],
    rows: readonly TokenRow[],
    verdicts: readonly Verdict[],
  ): Promise<void> {
    const recordable = judged.flatMap((one, index) => auditable(one, rows[index], verdicts[index]));
    const chosen = this.recorded.choose(recordable);
    if (chosen.length > 0)
      await this.audit.append(this.dataSource.manager, ...chosen.map(({ entry }) => entry));
    this.recorded.remember(recordable);
    if (chosen.length < recordable.length) this.unaudited.inc(recordable.length - chosen.length);
  }
}

/**
 * Codes 1 to 3 are anyone's to cause and leave no record; from 5 on each answer may, and so may a compromised key's token
 * that is on record.
 */
function auditable(
  { sha256, proof, actor, question }: JudgedQuestion,
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
