import type { Actor } from '@aegis/audit';
import { Injectable } from '@nestjs/common';
import {
  asRefusal,
  type CheckedLine,
  ImportLineCheck,
  type ImportReport,
  LicenseImport,
  LineRefused,
} from '@aegis/license-import';
import { placeFields, noticeFields, refusalFields, rowOf, shownId, type OnV08Finding } from './v08-findings';
import { assertSameLicense, differencesOf, readLicenseRow, statusOf, typeOf } from './v08-licenses';
import { licensesHere, type ReconciledLicenses, V08Reconciliation } from './v08-reconciliation';
import type { V08Line, V08Table } from './v08-source';
import { textColumn } from './v08-values';

interface Options {
  dryRun: boolean;
  onFinding: OnV08Finding;
  onProgress?: (table: V08Table, line: number) => void;
}

/** A line with the row that it was read from. */
interface V08CheckedLine extends CheckedLine {
  line: V08Line;
}

export interface V08LicensesReport extends ImportReport {
  /** Perpetual licenses whose row has an end that their token lacks: the token is right. */
  perpetual_with_end: number;
  reconciliation: ReconciledLicenses[];
}

/** Takes over v0.8's licenses, each by its token. */
@Injectable()
export class V08LicenseImport {
  constructor(
    private readonly licenses: LicenseImport,
    private readonly lines: ImportLineCheck,
  ) {}

  /** @param now by the database's clock */
  async take(
    actor: Actor,
    lines: AsyncIterable<V08Line>,
    now: Date,
    { dryRun, onFinding, onProgress }: Options,
  ): Promise<V08LicensesReport> {
    const reconciliation = new V08Reconciliation();
    let perpetualWithEnd = 0;
    const check = (line: V08Line): Promise<CheckedLine['checked']> =>
      asRefusal(async () => {
        const row = rowOf(line);
        const id = shownId(textColumn(row, 'id'));
        const proven = await this.lines.prove(readLicenseRow(row));
        assertSameLicense(row, proven);
        const differences = differencesOf(row, proven);
        if (differences.perpetualWithEnd) perpetualWithEnd += 1;
        if (differences.columns.length > 0)
          onFinding({
            ...placeFields('licenses', line, id),
            refused: false,
            code: 'differs_from_token',
            message: `The token differs, and is right: ${differences.columns.join(', ')}.`,
          });
        return proven;
      });
    async function* checkedLines(): AsyncGenerator<V08CheckedLine> {
      for await (const line of lines) yield { number: line.number, line, checked: await check(line) };
    }
    const lineOf = (checked: CheckedLine): V08Line => (checked as V08CheckedLine).line;

    const report = await this.licenses.take(actor, checkedLines(), {
      source: 'v0.8',
      atomic: false,
      dryRun,
      onRefusal: () => undefined,
      onProgress: (line) => onProgress?.('licenses', line),
      inspect: async (tx, batch, outcomes) => {
        const ids = batch.flatMap(({ checked }) =>
          checked instanceof LineRefused ? [] : [checked.claims.jti],
        );
        const here = await licensesHere(tx, ids);
        return () => {
          batch.forEach((one, index) => {
            const line = lineOf(one);
            const outcome = outcomes[index];
            const row = 'row' in line ? line.row : new Map<string, string | null>();
            const id = shownId(textColumn(row, 'id'));
            const there = statusOf(row, now);
            if (outcome instanceof LineRefused || one.checked instanceof LineRefused) {
              reconciliation.add(typeOf(row), there, undefined);
              if (outcome instanceof LineRefused)
                onFinding({ ...placeFields('licenses', line, id), ...refusalFields(outcome) });
              return;
            }
            if (outcome !== 'unchanged' && outcome !== 'completed')
              for (const adaptation of one.checked.adaptations)
                onFinding({ ...placeFields('licenses', line, id), ...noticeFields(adaptation) });
            const found = here.get(one.checked.claims.jti);
            reconciliation.add(typeOf(row), there, found);
            if (found && found.status !== there)
              onFinding({
                ...placeFields('licenses', line, id),
                refused: false,
                code: 'differs_from_record',
                message: `v0.8 says ${there ?? 'nothing'}; on record here it is ${found.status}, which is not changed.`,
              });
          });
        };
      },
    });
    return { ...report, perpetual_with_end: perpetualWithEnd, reconciliation: reconciliation.result() };
  }
}
