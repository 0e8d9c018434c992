import { commandLineActor } from '@aegis/audit';
import { type AdaptedLine, LicenseImport, LicenseImportModule } from '@aegis/license-import';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { withServices } from '../services';
import { licenseCounts } from './license-counts';
import { withInput } from '../terminal/text-lines';

const PROGRESS_LINES = 10_000;
/** The JSON document lists so many adaptations; a file may have millions of lines. */
const MOST_LISTED = 10_000;

/**
 * `aegis import licenses`: no when a line was refused.
 * @param path of JSON Lines; `-` for standard input
 */
export function importLicenses(output: Output, path: string, atomic: boolean): Promise<ExitCode> {
  // Its file is opened before the database is: a wrong name is reported at once.
  return withInput(path, (lines) => importLines(output, lines, atomic));
}

function importLines(output: Output, lines: AsyncIterable<Buffer>, atomic: boolean): Promise<ExitCode> {
  return withServices(
    ['KEY_PASSPHRASE', 'LICENSE_ISSUER'],
    [LicenseImportModule],
    'makes',
    async (services) => {
      let shownLine = 0;
      let adapted = 0;
      const adaptations: AdaptedLine[] = [];
      const report = await services.get(LicenseImport).run(commandLineActor(), lines, {
        atomic,
        onRefusal: (refusal) => {
          output.entry('refusals', refusal, `line ${refusal.line}: ${refusal.code}: ${refusal.message}`);
        },
        onAdaptation: (adaptation) => {
          adapted += 1;
          if (adaptations.length < MOST_LISTED) adaptations.push(adaptation);
          output.line(`line ${adaptation.line}: note: ${adaptation.code}: ${adaptation.message}`);
        },
        onProgress: (line) => {
          if (!process.stderr.isTTY || line < shownLine + PROGRESS_LINES) return;
          shownLine = line;
          process.stderr.write(`line ${line} …\n`);
        },
      });
      const { refused } = report;
      const counts = licenseCounts(report);
      const nothing = atomic && refused > 0 ? '; nothing was written' : '';
      const listed = adapted > 0 && { adapted, adaptations };
      output.end({ ...(refused === 0 && { refusals: [] }), ...report, ...listed }, counts + nothing);
      return refused === 0 ? ExitCode.yes : ExitCode.no;
    },
  );
}
