import { commandLineActor } from '@aegis/audit';
import { LicenseResign, LicensingModule, type ResignPlan } from '@aegis/licensing';
import { assertCanConfirm, confirm, type ConfirmOptions } from '../terminal/confirmation';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { Progress } from '../terminal/progress';
import { formatOf, ResignReportFile } from './resign-report';
import { withServices } from '../services';
import { UsageProblem } from '../terminal/usage-problem';

/** As typed. */
export interface ResignCommandOptions extends ConfirmOptions {
  key: string;
  supersede?: boolean;
  includeExpired?: boolean;
  includeAfter?: boolean;
  rate?: number;
  report?: string;
  dryRun?: boolean;
}

const MAX_RATE = 100_000;

/** `aegis licenses resign`: no when a license that is due has no new token. */
export async function resignLicenses(output: Output, options: ResignCommandOptions): Promise<ExitCode> {
  const { key: keyId, supersede = false, rate, report: path } = options;
  const { includeExpired = false, includeAfter = false } = options;
  if (rate !== undefined && (rate < 1 || rate > MAX_RATE))
    throw new UsageProblem(`--rate must be 1 to ${MAX_RATE}.`);
  if (path !== undefined) await formatOf(path);
  const withdraws = supersede && options.dryRun !== true;
  if (withdraws) assertCanConfirm(options);
  return withServices(
    ['KEY_PASSPHRASE', 'PUBLIC_URL', 'LICENSE_ISSUER'],
    [LicensingModule],
    'changes',
    async (services) => {
      const resign = services.get(LicenseResign);
      const plan = await resign.plan({ keyId, includeExpired, includeAfter });
      if (options.dryRun) {
        output.end(
          { key_id: keyId, ...plan },
          `${plan.due} license(s) would be signed again. ${leftText(plan)}`,
        );
        return ExitCode.yes;
      }
      if (withdraws)
        await confirm(
          `${plan.due} license(s) will get a new token, and all their older tokens will answer SUPERSEDED at once: deliver the new ones. ${leftText(plan)}`,
          keyId,
          options,
        );
      const file =
        path === undefined ? undefined : await ResignReportFile.begin(path, resign.reissued(keyId));
      const progress = new Progress(plan.due);
      let done = 0;
      try {
        const { reissued, failed, postponed } = await resign.run(commandLineActor(), {
          keyId,
          supersede,
          includeExpired,
          includeAfter,
          ratePerSecond: rate,
          onReissued: async (licenses) => {
            await file?.add(licenses);
            done += licenses.length;
            progress.show(done);
          },
          onFailure: (failure) => {
            progress.end();
            output.entry('failures', failure, `${failure.license_id}: ${failure.message}`);
          },
        });
        progress.end();
        output.end(
          {
            ...(failed === 0 && { failures: [] }),
            key_id: keyId,
            reissued,
            failed,
            postponed,
            left: plan.left,
            report: path ?? null,
          },
          `${reissued} license(s) signed again, ${failed} failed, ${postponed} postponed. ${leftText(plan)}`,
        );
        return failed + postponed === 0 ? ExitCode.yes : ExitCode.no;
      } finally {
        await file?.close();
      }
    },
  );
}

function leftText({ left }: ResignPlan): string {
  const after =
    left.recorded_after === 0
      ? ''
      : ' Look at each of the last before --include-after signs it again: it was recorded after the last good time of the key.';
  return `Left as they are: ${left.revoked} revoked, ${left.expired} expired, ${left.customer_inactive} of inactive customers, ${left.recorded_after} recorded after the compromise.${after}`;
}
