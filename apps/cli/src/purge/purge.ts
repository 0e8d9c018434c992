import { Environment } from '@aegis/config';
import { SigningKeysModule } from '@aegis/signing';
import { withServices } from '../services';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { UsageProblem } from '../terminal/usage-problem';
import { outdatedOf } from './outdated';

const MOST_SECONDS = 86_400;

/** As typed. */
export interface PurgeOptions {
  /** Seconds after which nothing further is begun. */
  maxSeconds: number;
  dryRun?: boolean;
}

/** `aegis purge`: no when the time was over before everything was removed */
export function purge(output: Output, { maxSeconds, dryRun = false }: PurgeOptions): Promise<ExitCode> {
  if (maxSeconds < 1 || maxSeconds > MOST_SECONDS)
    throw new UsageProblem(`--max-seconds must be 1 to ${MOST_SECONDS}.`);
  return withServices([], [SigningKeysModule], dryRun ? 'reads' : 'changes', async (services) => {
    const deadline = performance.now() + maxSeconds * 1000;
    const goesOn = (): boolean => performance.now() < deadline;
    let complete = true;
    for (const { name, label, count, remove } of outdatedOf(services, services.get(Environment))) {
      const outcome = dryRun ? { removed: await count(), complete: true } : await remove(goesOn);
      complete &&= outcome.complete;
      const { removed } = outcome;
      const entry = dryRun ? { name, due: removed } : { name, removed, complete: outcome.complete };
      const more = outcome.complete ? '' : ', and more are left';
      output.entry('purged', entry, `${dryRun ? 'due' : 'removed'}  ${removed} ${label}${more}`);
    }
    output.end(
      { dry_run: dryRun, complete },
      complete
        ? dryRun
          ? 'Nothing was changed.'
          : 'Nothing is left to remove.'
        : `The ${maxSeconds} s of --max-seconds were over: run it again.`,
    );
    return complete ? ExitCode.yes : ExitCode.no;
  });
}
