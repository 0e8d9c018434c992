import type { Actor } from '@aegis/audit';
import { Environment } from '@aegis/config';
import { batchSizes, MicroBatch, RestoreNotReconciled } from '@aegis/database';
import { judge, namingLicense, SERVER_VERDICT_CODES, type Verdict } from '@aegis/license-token';
import { currentRequest, type RequestContext, runInRequest } from '@aegis/logging';
import { type Counter, Metrics } from '@aegis/metrics';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { distinct } from './distinct';
import { namedActivation, questionOf, questionText, type ValidateLicense } from './question';
import { evidenceOf, lookUpTokens, type NamedActivation, type TokenRow } from './token-look-up';
import { TokenProofs } from './token-proofs';
import { UnrecordedTokens } from './unrecorded-tokens';
import { ValidationCounts } from './validation-counts';
import { type JudgedQuestion, ValidationRecords } from './validation-records';

interface Pending extends JudgedQuestion {
  activation: NamedActivation | null;
  /** Whose request it is of; undefined outside of requests. */
  request: RequestContext | undefined;
}

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

  constructor(
    private readonly dataSource: DataSource,
    private readonly proofs: TokenProofs,
    private readonly records: ValidationRecords,
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
    this.acceptedIssuers = [environment.LICENSE_ISSUER, ...(environment.ACCEPTED_ISSUERS ?? [])];
  }

  /**
   * Judges a token for the installation that asks. Never throws for what is in the token: that is a verdict.
   * @throws RestoreNotReconciled
   */
  async validate(actor: Actor, input: ValidateLicense): Promise<Verdict> {
    const { sha256, proof } = await this.proofs.prove(input.token);
    const question = await questionOf(input);
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
    const { items: questions, positions } = distinct(inputs, questionText);
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
    await this.records.append(pending, rows, verdicts);
    for (const { code } of verdicts) {
      this.counts.add(code);
      this.verdictCount.inc({ code });
    }
    return verdicts;
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

/** After a leak the vendor asks who still uses tokens of that key: callers with an API key learn the license. */
function withCompromisedLicense({ proof, actor }: Pending, row: TokenRow, verdict: Verdict): Verdict {
  if (verdict.code !== 'KEY_COMPROMISED' || proof.proof !== 'holds') return verdict;
  if (row.recorded_at === null || actor.apiKeyId === null) return verdict;
  return namingLicense(verdict, proof.token.claims);
}
