import { commandLineActor } from '@aegis/audit';
import { MAX_FILE_DAYS } from '@aegis/activations';
import { LicensingModule, OfflineActivations } from '@aegis/licensing';
import { withServices } from '../services';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { ReplacedOutput } from '../terminal/replace-output';
import { UsageProblem } from '../terminal/usage-problem';
import { idOf } from './typed-ids';

/** As typed. */
export interface OfflineFileOptions {
  days: number;
  out: string;
}

/** `aegis activations offline` */
export async function makeOfflineFile(
  output: Output,
  typedId: string,
  request: string,
  { days, out }: OfflineFileOptions,
): Promise<ExitCode> {
  if (days < 1 || days > MAX_FILE_DAYS) throw new UsageProblem(`--days must be 1 to ${MAX_FILE_DAYS}.`);
  const licenseId = idOf('license-id', typedId);
  return withServices(
    ['KEY_PASSPHRASE', 'PUBLIC_URL', 'LICENSE_ISSUER'],
    [LicensingModule],
    'changes',
    async (services) => {
      // The license in it is a credential. A seat that is given for a file that can't be written would be lost until it is ended.
      const written = await ReplacedOutput.begin(out, 0o600);
      const made = await services
        .get(OfflineActivations)
        .make(commandLineActor(), licenseId, request, days)
        .catch(async (error: unknown) => {
          await written.discard();
          throw error;
        });
      const { activation, file, expiresAt, keySetExpiresAt } = made;
      await written.write(`${JSON.stringify(file)}\n`);
      output.end(
        { file: out, activation, expires_at: expiresAt, key_set_expires_at: keySetExpiresAt },
        [
          `${out}: activation ${activation.id} holds a seat until ${expiresAt.toISOString()}.`,
          ...(file.key_set === null
            ? ['It has no signed key set: the program there needs the keys built in.']
            : []),
          ...(keySetExpiresAt !== null && keySetExpiresAt < expiresAt
            ? [`Its key set ends before, at ${keySetExpiresAt.toISOString()}: bring a newer one by then.`]
            : []),
        ].join('\n'),
      );
      return ExitCode.yes;
    },
  );
}
