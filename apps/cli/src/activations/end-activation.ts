import { commandLineActor } from '@aegis/audit';
import { ACTIVATION_TEXTS, textProblem } from '@aegis/field-rules';
import { LicenseActivations, LicensingModule } from '@aegis/licensing';
import { withServices } from '../services';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { UsageProblem } from '../terminal/usage-problem';
import { idOf } from './typed-ids';

/** `aegis activations end`: no where the license has no such activation. */
export function endActivation(
  output: Output,
  typedLicense: string,
  typedActivation: string,
  reason: string,
): Promise<ExitCode> {
  const licenseId = idOf('license-id', typedLicense);
  const activationId = idOf('activation-id', typedActivation);
  const problem = textProblem(reason, ACTIVATION_TEXTS.reason);
  if (problem !== null) throw new UsageProblem(`--reason ${problem}.`);
  return withServices(['KEY_PASSPHRASE'], [LicensingModule], 'changes', async (services) => {
    const activations = services.get(LicenseActivations);
    const ended = await activations.end(commandLineActor(), licenseId, activationId, reason);
    const { id, ended_by, ended_at, offline_until: file } = ended;
    const lines = [`The activation ${id} has ended (${ended_by}, ${ended_at?.toISOString()}).`];
    if (file !== null)
      lines.push(
        `Its offline file counts until ${file.toISOString()} where no newer status list is imported: \`aegis status-list export\`.`,
      );
    output.end(ended, lines.join('\n'));
    return ExitCode.yes;
  });
}
