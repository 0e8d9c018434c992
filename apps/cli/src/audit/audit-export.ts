import {
  exportTrail,
  type ExportFilters,
  type ExportFinding,
  ExportVerification,
  MOST_LINE,
} from '@aegis/checkpoints';
import { DataSource } from 'typeorm';
import { keysOfFiles } from './audit-keys';
import { keepingFindings } from './definite-findings';
import { ExitCode } from '../terminal/exit-code';
import { newLineFile, standardOutputLines } from '../terminal/line-sink';
import type { Output } from '../terminal/output';
import { signedByLines } from './signed-by';
import { exitCodeOf, soundness } from './soundness';
import { withServices } from '../services';
import { withLinesOf } from '../terminal/text-lines';
import { timeOption } from '../terminal/time-option';

export interface ExportOptions {
  since?: string;
  until?: string;
  fromCheckpoint?: number;
  toCheckpoint?: number;
}

/**
 * `aegis audit export`: no when records are not what was sealed, or too large to be exported.
 * @param path of a file that is not there yet; `-` for standard output, where nothing else goes then
 */
export async function exportAudit(output: Output, path: string, options: ExportOptions): Promise<ExitCode> {
  const filters = filtersOf(options);
  return withServices([], [], 'reads', async (services) => {
    const sink = path === '-' ? standardOutputLines() : await newLineFile(path);
    const { edited, too_large, ...counts } = await exportTrail(services.get(DataSource), filters, (line) =>
      sink.write(line),
    ).catch(async (error: unknown) => {
      await sink.close().catch(() => undefined);
      throw error;
    });
    await sink.close();
    const summary = `${counts.records} record(s) of ${counts.checkpoints} checkpoint(s)`;
    const wrong = [
      ...edited.map((id) => `record ${id} was changed after it was sealed: its proof is not valid`),
      ...too_large.map((id) => `record ${id} is too large to be exported: it is left out`),
    ];
    if (path === '-') process.stderr.write([...wrong, summary, ''].join('\n'));
    else
      output.end(
        { ...counts, edited, too_large, file: path },
        [...wrong, `${summary} written to ${path}`].join('\n'),
      );
    return wrong.length === 0 ? ExitCode.yes : ExitCode.no;
  });
}

function filtersOf({ since, until, fromCheckpoint: from, toCheckpoint: to }: ExportOptions): ExportFilters {
  return {
    ...(since !== undefined && { since: timeOption('--since', since) }),
    ...(until !== undefined && { until: timeOption('--until', until) }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  };
}

/**
 * `aegis audit verify-export`: no when something does not hold, even where an error ends it later; unknown when a key that
 * is needed to decide is missing
 */
export async function verifyExport(output: Output, path: string, keys: readonly string[]): Promise<ExitCode> {
  const trusted = await keysOfFiles(keys);
  const { findings, undetermined, ...counts } = await keepingFindings((onFinding) => {
    const verification = new ExportVerification(trusted, {
      found: (finding) => {
        onFinding(finding);
        output.entry('findings', finding, findingText(finding));
      },
    });
    return withLinesOf(path, MOST_LINE, (lines) => verification.verify(lines));
  });
  const sound = soundness({ findings, undetermined });
  const left =
    undetermined === 0 ? '' : ', which leave open whether it is sound: give the keys that they name';
  output.end(
    { ...(findings === 0 && { findings: [] }), ...counts, sound },
    [
      ...signedByLines(counts.signed_by, 'file'),
      `${counts.records} record(s) proven by ${counts.checkpoints} checkpoint(s), ${counts.whole_checkpoints} of them whole` +
        (findings === 0 ? '' : `; ${findings} finding(s)${sound === null ? left : ''}`),
    ].join('\n'),
  );
  return exitCodeOf(sound);
}

function findingText(finding: ExportFinding): string {
  const { line, kind, checkpoint, to, kid, record } = finding;
  const where = [
    checkpoint && `checkpoint ${checkpoint}${to === undefined || to === checkpoint ? '' : ` to ${to}`}`,
    kid && `signed by ${kid}`,
    record && `record ${record}`,
  ].filter(Boolean);
  return `line ${line}: ${[kind, ...where].join(', ')}`;
}
