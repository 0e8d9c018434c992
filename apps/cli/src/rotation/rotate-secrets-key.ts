import { Environment, readVersionedSecrets } from '@aegis/config';
import { SealedEndpointKeys, SecretsKeyChecks, WebhookKeysModule } from '@aegis/webhooks';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { withServices } from '../services';
import { nextRotationStep, type RotationStep, secretsAfter, secretsText } from './rotation-steps';
import { writeSecretFile } from './secret-file';

const NEXT: Readonly<Record<RotationStep, string>> = {
  add: 'The new secret is placed after the current one. Roll this value out to every process; then run this again.',
  promote:
    'The new secret is in front. Roll this value out to every process; servers move the keys of webhooks to it within a minute or two.',
  wait: 'Keys of webhooks are still encrypted with an older secret: a server with this value moves them within a minute or two. Then run this again.',
  drop: 'The older secrets are removed. Roll this value out to every process: the rotation is done.',
};
const FIRST =
  'This is the first secret. Roll this value out to every process: webhooks can be made from then on.';

/**
 * `aegis rotate-secrets secrets-key`: no while an older secret is still needed.
 * @param path of the new file that the next value of SECRETS_KEY is written to
 */
export function rotateSecretsKey(output: Output, path: string): Promise<ExitCode> {
  return withServices(['SECRETS_KEY'], [WebhookKeysModule], 'reads', async (services) => {
    const secrets = readVersionedSecrets(services.get(Environment).SECRETS_KEY ?? []);
    const needed = new Set((await services.get(SealedEndpointKeys).byVersion()).keys());
    const step = nextRotationStep(secrets, needed);
    const after = secretsAfter(
      step,
      secrets,
      new Set([...needed, ...(await services.get(SecretsKeyChecks).versions())]),
    );
    if (step !== 'wait') await writeSecretFile(path, secretsText(after));
    const file = step === 'wait' ? null : path;
    const next = secrets.length === 0 ? FIRST : NEXT[step];
    output.end(
      { step, versions: after.map(({ version }) => version), file, next },
      `${next}${file === null ? '' : `\nSECRETS_KEY (or SECRETS_KEY_FILE): ${file}`}`,
    );
    return step === 'wait' ? ExitCode.no : ExitCode.yes;
  });
}
